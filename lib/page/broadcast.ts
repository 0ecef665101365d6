import type { Board } from "./board.ts";
import { Subscribers } from "../http/subscriber.ts";
import type { PageMessage, PageSnapshot } from "./wire.ts";

/** The interval of frames, in ms. */
const TICK = 250;
/** The intervals of the status with the chart, and of the tables, in ticks. */
const STATUS_EVERY = 4;
const TOPS_EVERY = 8;

/**
 * Sends the news of the board to the pages that listen, as server-sent events. Each frame is
 * encoded once for all of them, and none is if no page listens.
 */
export class Broadcast {
  readonly #board: Board;
  readonly #now: () => number;
  readonly #subscribers = new Subscribers(() => this.#snapshot());
  readonly #timer: ReturnType<typeof setInterval>;
  #ticks = 0;

  /** Starts the timer of frames. */
  constructor(board: Board, now: () => number = Date.now) {
    this.#board = board;
    this.#now = now;
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  /** The number of pages that listen. */
  get size(): number {
    return this.#subscribers.size;
  }

  /** Returns the body of a response for one more page; `undefined` if there are too many. */
  subscribe(): ReadableStream<Uint8Array<ArrayBuffer>> | undefined {
    return this.#subscribers.subscribe();
  }

  /** Sends a snapshot to all pages: their state is no longer valid. */
  refresh(): void {
    this.#send(this.#snapshot());
  }

  /** Ends all responses. */
  close(): void {
    clearInterval(this.#timer);
    this.#subscribers.close();
  }

  /**
   * Returns a snapshot. Its news must not come again in the next frame, so they are sent before.
   */
  #snapshot(): PageSnapshot {
    const now = this.#now();
    this.#sendFrame(now);
    return this.#board.snapshot(now);
  }

  #tick(): void {
    const now = this.#now();
    this.#subscribers.endStalled(now);
    this.#ticks++;
    this.#sendFrame(now, {
      withStatus: this.#ticks % STATUS_EVERY === 0,
      withTops: this.#ticks % TOPS_EVERY === 0,
    });
  }

  #sendFrame(now: number, { withStatus = false, withTops = false } = {}): void {
    // Taken from the board even if no page listens, so that nothing accumulates.
    const edits = this.#board.takeEdits();
    const bins = withStatus ? this.#board.takeBins() : [];
    if (this.#subscribers.size === 0 || edits.length === 0 && !withStatus) return;
    this.#send({
      type: "frame",
      ...edits.length === 0 ? {} : { edits },
      ...withStatus ? { status: this.#board.status(now), bins } : {},
      ...withTops ? { tops: this.#board.tops(now) } : {},
    });
  }

  #send(message: PageMessage): void {
    this.#subscribers.send(message, this.#now());
  }
}
