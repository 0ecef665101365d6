import { NamedError } from "../shared/error.ts";

/** The maximum queue of a page that does not read, in bytes; one more message may follow. */
const QUEUE_BYTES = 64 * 1024;

/** How long a page may read nothing before its response is ended, in ms. */
const STALL_LIMIT = 30_000;

/** The error that ends the response to a page that does not read. It is not a defect. */
export class StalledPage extends NamedError {}

/**
 * One subscribed page. A slow page misses frames, and gets a snapshot as soon as it reads again. So
 * at most 64 KiB and one message are held for it.
 */
export class Subscriber {
  /** The body of the response. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #snapshot: () => Uint8Array<ArrayBuffer>;
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  /** The time at which it began to miss frames, in ms since 1970. */
  #missingSince: number | undefined;

  /**
   * @param snapshot Returns the message that replaces the page's whole state.
   * @param onEnd Called when the page is closed.
   */
  constructor(snapshot: () => Uint8Array<ArrayBuffer>, onEnd: () => void) {
    this.#snapshot = snapshot;
    this.body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => {
        this.#controller = controller;
        controller.enqueue(snapshot());
      },
      pull: () => this.#catchUp(),
      cancel: onEnd,
    }, new ByteLengthQueuingStrategy({ highWaterMark: QUEUE_BYTES }));
  }

  /** Sends a frame, if there is room for it. */
  send(frame: Uint8Array<ArrayBuffer>, now: number): void {
    if (this.#missingSince === undefined && (this.#controller.desiredSize ?? 0) > 0) {
      this.#controller.enqueue(frame);
    } else this.#missingSince ??= now;
  }

  /** Returns whether the page has read nothing for so long that its response should end. */
  isStalled(now: number): boolean {
    return this.#missingSince !== undefined && now - this.#missingSince > STALL_LIMIT;
  }

  /** Ends the response. */
  close(): void {
    this.#controller.close();
  }

  /** Ends the response and drops its queue. */
  abort(): void {
    this.#controller.error(new StalledPage("The page does not read its messages"));
  }

  #catchUp(): void {
    if (this.#missingSince === undefined) return;
    this.#missingSince = undefined;
    this.#controller.enqueue(this.#snapshot());
  }
}

/** The maximum number of pages that subscribe to one source at the same time. */
export const SUBSCRIBER_LIMIT = 100;

/** The pages that subscribe to one source of messages. Each message is encoded once for all. */
export class Subscribers {
  readonly #snapshot: () => unknown;
  readonly #all = new Set<Subscriber>();

  /** @param snapshot Returns the message that replaces a page's whole state. */
  constructor(snapshot: () => unknown) {
    this.#snapshot = snapshot;
  }

  /** The number of pages. */
  get size(): number {
    return this.#all.size;
  }

  /** Returns the body of a response for one more page; `undefined` if there are too many. */
  subscribe(): Subscriber["body"] | undefined {
    if (this.#all.size >= SUBSCRIBER_LIMIT) return undefined;
    const subscriber = new Subscriber(
      () => encode(this.#snapshot()),
      () => this.#all.delete(subscriber),
    );
    this.#all.add(subscriber);
    return subscriber.body;
  }

  /** Sends a message to all pages. */
  send(message: unknown, now: number): void {
    const bytes = encode(message);
    for (const subscriber of this.#all) subscriber.send(bytes, now);
  }

  /** Ends the responses to pages that do not read. */
  endStalled(now: number): void {
    for (const subscriber of this.#all) {
      if (!subscriber.isStalled(now)) continue;
      this.#all.delete(subscriber);
      subscriber.abort();
    }
  }

  /** Ends all responses. */
  close(): void {
    for (const subscriber of this.#all) subscriber.close();
    this.#all.clear();
  }
}

const encoder = new TextEncoder();

/** Encodes a message. JSON contains no line break, so one `data` line is enough. */
function encode(message: unknown): Uint8Array<ArrayBuffer> {
  return encoder.encode(`data: ${JSON.stringify(message)}\n\n`);
}
