import type { Certificate } from "../tools/certificates.ts";

/** How a connection ends after a number of bytes. */
export type Http2Fault =
  /** RST_STREAM with INTERNAL_ERROR. */
  | "reset"
  /** RST_STREAM with NO_ERROR, as a server ends a response that it will not finish. */
  | "reset without error"
  /** GOAWAY; streams that are open continue. */
  | "go away"
  /** GOAWAY with ENHANCE_YOUR_CALM, then the TCP connection is closed. */
  | "enhance your calm"
  /** The TCP connection is closed without a frame. */
  | "destroy";

/** Frame types and error codes of RFC 9113. */
const DATA = 0;
const RST_STREAM = 3;
const GOAWAY = 7;
const NO_ERROR = 0;
const INTERNAL_ERROR = 2;
const ENHANCE_YOUR_CALM = 11;

/** The size of a frame's header in bytes: length (24 bits), type, flags, stream. */
const HEAD = 9;

/** An HTTP/2 server that fails on demand. */
export interface Http2Upstream extends AsyncDisposable {
  readonly url: string;
  /** The number of The number of TCP connections so far. */
  readonly sessions: number;
}

/**
 * Relays HTTP/2 over TLS to another HTTP/2 server, and inserts frames of its own. It reads only the
 * headers of frames.
 *
 * @param target The address of a stream of that server, whose certificate `ca` has signed.
 * @param faults The faults of the first connections, in order. Later ones have none.
 * @param afterBytes The number of bytes in DATA frames before the fault.
 */
export function serveHttp2(
  target: string,
  { cert, key, ca }: Pick<Certificate, "cert" | "key"> & { readonly ca: string },
  faults: readonly Http2Fault[],
  afterBytes = 20_000,
): Http2Upstream {
  const { hostname, port, pathname } = new URL(target);
  const alpnProtocols = ["h2"];
  const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key, alpnProtocols });
  const open = new Set<Deno.Conn>();
  let sessions = 0;
  const relay = async (client: Deno.TlsConn) => {
    const fault = faults[sessions++];
    const server = await Deno.connectTls({
      hostname,
      port: Number(port),
      caCerts: [ca],
      alpnProtocols,
    });
    for (const side of [client, server]) open.add(side);
    await client.handshake();
    await Promise.allSettled([
      client.readable.pipeTo(server.writable),
      server.readable.pipeThrough(injectFault(fault, afterBytes)).pipeTo(client.writable),
    ]);
    for (const side of [client, server]) close(side);
  };
  const serving = (async () => {
    const relays: Promise<void>[] = [];
    for await (const client of listener) relays.push(relay(client).catch(() => close(client)));
    await Promise.all(relays);
  })();
  return {
    url: `https://127.0.0.1:${(listener.addr as Deno.NetAddr).port}${pathname}`,
    get sessions() {
      return sessions;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const side of open) close(side);
      await serving;
    },
  };
}

function close(side: Deno.Conn): void {
  try {
    side.close();
  } catch {
    // Closed before, like a stream that ended.
  }
}

/** Passes frames on, and causes the fault after the DATA frame that reaches `afterBytes`. */
function injectFault(
  fault: Http2Fault | undefined,
  afterBytes: number,
): TransformStream<Uint8Array, Uint8Array> {
  let rest = new Uint8Array();
  let bytes = 0;
  let isOver = fault === undefined;
  /** Its frames are no longer passed on. */
  let reset: number | undefined;
  return new TransformStream({
    transform(chunk, controller) {
      rest = concat(rest, chunk);
      while (rest.length >= HEAD) {
        const view = new DataView(rest.buffer, rest.byteOffset);
        const length = view.getUint32(0) >>> 8;
        if (rest.length < HEAD + length) return;
        const type = rest[3]!;
        const stream = view.getUint32(5);
        const frame = rest.slice(0, HEAD + length);
        rest = rest.slice(HEAD + length);
        if (stream === 0 || stream !== reset) controller.enqueue(frame);
        if (type === DATA) bytes += length;
        if (isOver || bytes < afterBytes) continue;
        isOver = true;
        if (fault === "reset" || fault === "reset without error") {
          reset = stream;
          const code = fault === "reset" ? INTERNAL_ERROR : NO_ERROR;
          controller.enqueue(frameOf(RST_STREAM, stream, [code]));
        } else if (fault !== "destroy") {
          const code = fault === "go away" ? NO_ERROR : ENHANCE_YOUR_CALM;
          controller.enqueue(frameOf(GOAWAY, 0, [stream, code]));
        }
        if (fault === "destroy" || fault === "enhance your calm") return controller.terminate();
      }
    },
  });
}

function frameOf(type: number, stream: number, words: readonly number[]): Uint8Array {
  const frame = new Uint8Array(HEAD + 4 * words.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, 4 * words.length << 8);
  frame[3] = type;
  view.setUint32(5, stream);
  for (const [i, word] of words.entries()) view.setUint32(HEAD + 4 * i, word);
  return frame;
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
