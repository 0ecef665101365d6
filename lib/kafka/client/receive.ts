import { Buffer } from "node:buffer";
import { freeMemory } from "../wire/free_memory.ts";

/** The size of a response's own size, which precedes it, in bytes. */
const SIZE_BYTES = 4;

/** The size of the shortest response, its correlation id, in bytes. */
const SHORTEST = 4;

/**
 * The memory that a response gets before any of its bytes have arrived, in bytes. A server that is
 * no Kafka can seem to announce gigabytes: "HTTP" is a size of 1.2 GB.
 */
const FIRST_BYTES = 16 * 1024 * 1024;

interface Socket {
  destroy(error: Error): void;
}

/** The part of kafkajs's `Connection` that receives. */
interface Receiver {
  /** Wait for the answer of a SASL mechanism, which may lack a size. */
  readonly authHandlers: { onSuccess(answer: Buffer): void } | null;
  /** Whether that answer has a size. */
  readonly authExpectResponse: boolean;
  readonly socket: Socket;
  readonly requestQueue: {
    fulfillRequest(
      response: { readonly size: number; readonly correlationId: number; readonly payload: Buffer },
    ): void;
  };
  /** The response of which some bytes have arrived. */
  incoming?: Incoming | undefined;
}

/** A response with its size. */
interface Incoming {
  /** The rest of it cannot come from another one, after the connection was lost. */
  readonly from: Socket;
  /** Memory for the response; it may have to grow. */
  bytes: Buffer;
  /** The number of bytes that have arrived. */
  filled: number;
  /** The number of bytes of the whole; of its size alone, until that is known. */
  size: number;
}

/**
 * Receives bytes of responses, in place of kafkajs's method. That keeps all chunks until a response is
 * complete, then joins them, and keeps the joined bytes until the next response. V8 does not know of
 * the chunks' memory, so it would not free them for a long time. kafkajs also adds what a new
 * connection receives to the half of a response that the lost one has received.
 */
export function processData(this: Receiver, data: Buffer): void {
  if (this.authHandlers && !this.authExpectResponse) return this.authHandlers.onSuccess(data);
  for (let at = 0; at < data.length;) {
    if (this.incoming?.from !== this.socket) this.incoming = nothingFrom(this.socket);
    const { incoming } = this;
    const copied = data.copy(incoming.bytes, incoming.filled, at);
    at += copied;
    incoming.filled += copied;
    if (incoming.filled < incoming.bytes.length) break;
    if (incoming.size === SIZE_BYTES) {
      const length = incoming.bytes.readInt32BE();
      if (length < SHORTEST) {
        return this.socket.destroy(new Error(`The server sent a response of ${length} bytes`));
      }
      incoming.size += length;
    }
    if (incoming.filled < incoming.size) grow(incoming);
    else {
      this.incoming = undefined;
      deliver(this, incoming.bytes);
    }
  }
  freeMemory(data);
}

function nothingFrom(from: Socket): Incoming {
  return { from, bytes: Buffer.allocUnsafeSlow(SIZE_BYTES), filled: 0, size: SIZE_BYTES };
}

function grow(incoming: Incoming): void {
  const { bytes, size } = incoming;
  incoming.bytes = Buffer.allocUnsafeSlow(Math.min(size, Math.max(FIRST_BYTES, 2 * bytes.length)));
  bytes.copy(incoming.bytes);
}

function deliver({ authHandlers, requestQueue }: Receiver, bytes: Buffer): void {
  if (authHandlers) return authHandlers.onSuccess(bytes);
  requestQueue.fulfillRequest({
    size: bytes.length - SIZE_BYTES,
    correlationId: bytes.readInt32BE(SIZE_BYTES),
    payload: bytes.subarray(SIZE_BYTES + SHORTEST),
  });
}
