import { NamedError } from "../../shared/error.ts";
import type { Feed, ResponsePart } from "./feed.ts";

/** The content of one connection, and its callbacks. */
export interface FeedResponseOptions {
  /** The frames to send. */
  readonly feed: Feed;
  /** Returns the time on the log's own clock, in ms. */
  readonly now: () => number;
  /**
   * The connection ends after this time (ms), between two frames, even if the client does not read.
   */
  readonly limit: number;
  /** Called with each chunk that is sent. */
  readonly onChunk: (chunk: ResponsePart) => void;
  /** Called once, when the connection has ended on either side. */
  readonly onEnd: () => void;
}

/** The end of a connection that was cut on purpose. It is not logged. */
export class Torn extends NamedError {}

/** Bounds of a wait in ms; the lower one lets fast streams go out in batches. */
const LONGEST_WAIT = 60_000;
const SHORTEST_WAIT = 4;

/** The body of one client's response: the feed's frames, as fast as the client reads them. */
export class FeedResponse {
  /** The body of the response. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #options: FeedResponseOptions;
  readonly #timer: ReturnType<typeof setTimeout>;
  #state: "open" | "silent" | "torn" | "closing" | "over" = "open";
  #isPulling = false;
  #wake: () => void = () => {};
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;

  /** Creates the body. Sends `:ok` and waits for the client to read. */
  constructor(options: FeedResponseOptions) {
    this.#options = options;
    this.#timer = setTimeout(() => this.close(), options.limit);
    this.body = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
        controller.enqueue(new TextEncoder().encode(":ok\n\n"));
      },
      pull: async () => {
        this.#isPulling = true;
        await this.#pull();
        this.#isPulling = false;
      },
      cancel: () => this.#end(),
    }, { highWaterMark: 0 });
  }

  /** Ends the response between two frames. */
  close(): void {
    if (this.#state === "open" || this.#state === "silent") this.#state = "closing";
    // A client that reads nothing does not pull.
    if (this.#isPulling) this.#wake();
    else this.#finish();
  }

  async #pull(): Promise<void> {
    while (this.#state === "open" || this.#state === "silent") {
      if (this.#state === "silent") {
        await this.#wait(LONGEST_WAIT);
        continue;
      }
      const chunk = this.#options.feed.next();
      if (chunk.ending === "stall") this.#state = "silent";
      else if (chunk.ending !== undefined) {
        this.#state = chunk.ending === "cut" ? "torn" : "closing";
      }
      this.#options.onChunk(chunk);
      if (chunk.bytes.length > 0) return this.#controller.enqueue(chunk.bytes);
      const due = this.#options.feed.nextDue() - this.#options.now();
      await this.#wait(Number.isFinite(due) ? due : LONGEST_WAIT);
    }
    this.#finish();
  }

  #finish(): void {
    if (this.#state === "over") return;
    if (this.#state === "torn") this.#controller.error(new Torn());
    else this.#controller.close();
    this.#end();
  }

  #end(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    clearTimeout(this.#timer);
    this.#wake();
    this.#options.onEnd();
  }

  async #wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, Math.min(LONGEST_WAIT, Math.max(SHORTEST_WAIT, ms)));
    await promise;
    clearTimeout(timer);
  }
}
