import type { Board } from "./board.ts";
import { Subscriber } from "./subscriber.ts";
import type { Message, Snapshot } from "./wire.ts";

/** How often pages get what is new, in ms. */
const TICK = 250;
/** In ticks: how often the status and the chart are told, and how often the tables. */
const STATUS_EVERY = 4;
const TOPS_EVERY = 8;

/** Pages that may listen at a time. */
export const SUBSCRIBER_LIMIT = 100;

/**
 * Tells the pages that listen what is new on the board, as server-sent events. A frame is made once
 * for all of them, and none without anybody who listens.
 */
export class Broadcast {
  readonly #board: Board;
  readonly #now: () => number;
  readonly #subscribers = new Set<Subscriber>();
  readonly #timer: ReturnType<typeof setInterval>;
  #ticks = 0;

  constructor(board: Board, now: () => number = Date.now) {
    this.#board = board;
    this.#now = now;
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  /** How many pages listen. */
  get size(): number {
    return this.#subscribers.size;
  }

  /** The body of a response for one more page, or `undefined` where there are too many. */
  subscribe(): ReadableStream<Uint8Array<ArrayBuffer>> | undefined {
    if (this.#subscribers.size >= SUBSCRIBER_LIMIT) return undefined;
    const subscriber = new Subscriber(
      () => encode(this.#snapshot()),
      () => this.#subscribers.delete(subscriber),
    );
    this.#subscribers.add(subscriber);
    return subscriber.body;
  }

  /** Gives all pages a snapshot: what they have is no longer true. */
  refresh(): void {
    this.#send(this.#snapshot());
  }

  /** Ends all responses. */
  close(): void {
    clearInterval(this.#timer);
    for (const subscriber of this.#subscribers) subscriber.close();
    this.#subscribers.clear();
  }

  /** What is in a snapshot must not come again in the next frame, so that goes out before. */
  #snapshot(): Snapshot {
    const now = this.#now();
    this.#sendFrame(now);
    return this.#board.snapshot(now);
  }

  #tick(): void {
    const now = this.#now();
    for (const subscriber of this.#subscribers) {
      if (!subscriber.isStalled(now)) continue;
      this.#subscribers.delete(subscriber);
      subscriber.abort();
    }
    this.#ticks++;
    this.#sendFrame(now, {
      withStatus: this.#ticks % STATUS_EVERY === 0,
      withTops: this.#ticks % TOPS_EVERY === 0,
    });
  }

  #sendFrame(now: number, { withStatus = false, withTops = false } = {}): void {
    // Taken from the board also where nobody listens: nothing must pile up.
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

  #send(message: Message): void {
    const bytes = encode(message);
    const now = this.#now();
    for (const subscriber of this.#subscribers) subscriber.send(bytes, now);
  }
}

const encoder = new TextEncoder();

/** JSON holds no line break, so one `data` line is enough. */
function encode(message: Message): Uint8Array<ArrayBuffer> {
  return encoder.encode(`data: ${JSON.stringify(message)}\n\n`);
}
