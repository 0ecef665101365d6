import type { Chunk, Feed } from "./feed.ts";

export interface ConnectionOptions {
  readonly feed: Feed;
  /** The log's own clock (ms). */
  readonly now: () => number;
  /** The connection ends after this time (ms), between two frames. */
  readonly limit: number;
  /** Called with each chunk that is sent. */
  readonly onChunk: (chunk: Chunk) => void;
  /** Called once, when the connection has ended on either side. */
  readonly onEnd: () => void;
}

/** The end of a connection that was torn on purpose: nothing to be reported. */
export class Torn extends Error {
  override readonly name = "Torn";
}

/** Bounds of a wait in ms; the lower one lets fast streams go out in batches. */
const LONGEST_WAIT = 60_000;
const SHORTEST_WAIT = 4;

/** One client's response body: what the feed has, as fast as the client takes it. */
export class Connection {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #options: ConnectionOptions;
  readonly #deadline: number;
  #state: "open" | "silent" | "torn" | "closing" | "over" = "open";
  #wake: () => void = () => {};

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#deadline = performance.now() + options.limit;
    this.body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(":ok\n\n")),
      pull: (controller) => this.#pull(controller),
      cancel: () => this.#end(),
    }, { highWaterMark: 0 });
  }

  /** Ends the response between two frames. */
  close(): void {
    if (this.#state !== "over") this.#state = "closing";
    this.#wake();
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): Promise<void> {
    while (this.#state === "open" || this.#state === "silent") {
      const left = this.#deadline - performance.now();
      if (left <= 0) break;
      if (this.#state === "silent") {
        await this.#wait(left);
        continue;
      }
      const chunk = this.#options.feed.next();
      if (chunk.ending === "stall") this.#state = "silent";
      else if (chunk.ending !== undefined) {
        this.#state = chunk.ending === "cut" ? "torn" : "closing";
      }
      this.#options.onChunk(chunk);
      if (chunk.bytes.length > 0) return controller.enqueue(chunk.bytes);
      const due = this.#options.feed.nextDue() - this.#options.now();
      await this.#wait(Math.min(left, Number.isFinite(due) ? due : LONGEST_WAIT));
    }
    if (this.#state === "over") return;
    if (this.#state === "torn") controller.error(new Torn());
    else controller.close();
    this.#end();
  }

  #end(): void {
    if (this.#state === "over") return;
    this.#state = "over";
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
