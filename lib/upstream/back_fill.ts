import { getLogger } from "@logtape/logtape";
import { ownCopy, type ReceivedEvent } from "./parse/received_event.ts";
import type { EventStream } from "./stream.ts";

/** How far timestamps may go back within a topic-partition, in ms; 46 was seen. */
export const DISORDER = 1000;
/** The bounds of what is held per topic-partition after the end, in events and in bytes. */
const MAX_HELD = 10_000;
const MAX_HELD_BYTES = 16 * 1024 * 1024;

/**
 * Finds the end of a back-fill in each upstream topic-partition: after the last event before
 * `until`.
 *
 * Timestamps are not strictly in order. So the first event at or after `until` is held, and so are
 * its successors. If an event before `until` still comes, everything held belongs to the back-fill.
 * So nothing is left out, and the position stays a single point in the log: a later start continues
 * right after it. The end is certain after an event 1 s beyond `until`, or with 10,000 events or 16
 * MiB held.
 */
export class BackFillEnd {
  #until: number;
  /** The held events per topic-partition; `passed` once the end is certain. */
  readonly #held = new Map<string, Held | "passed">();
  /** The highest timestamp of each topic-partition, in ms. */
  readonly #highest = new Map<string, number>();

  /**
   * Creates it before the first event.
   *
   * @param until ms since 1970.
   */
  constructor(until: number) {
    this.#until = until;
  }

  /** Appends to `due` the events to handle now: none, this one, or also those held before it. */
  take(received: ReceivedEvent, due: ReceivedEvent[]): void {
    const { key, timestamp } = received;
    if (timestamp !== undefined && timestamp > (this.#highest.get(key) ?? 0)) {
      this.#highest.set(key, timestamp);
    }
    const held = this.#held.get(key) ?? { events: [], bytes: 0 };
    if (held === "passed") return;
    // A frame that could not be read has no time, and is treated like its neighbors.
    const isBefore = timestamp === undefined ? held.events.length === 0 : timestamp < this.#until;
    const isFull = held.events.length >= MAX_HELD || held.bytes >= MAX_HELD_BYTES;
    if (isBefore) {
      due.push(...held.events, received);
      this.#held.delete(key);
    } else if ((timestamp ?? 0) >= this.#until + DISORDER || isFull) {
      this.#held.set(key, "passed");
    } else {
      // The stream puts its next events in the memory of this one.
      held.events.push(ownCopy(received));
      held.bytes += received.data.length;
      this.#held.set(key, held);
    }
  }

  /** Moves the end to an earlier time, in ms since 1970. The held events are after it. */
  moveTo(until: number): void {
    this.#until = until;
    for (const [key, highest] of this.#highest) {
      if (highest >= until + DISORDER) this.#held.set(key, "passed");
      else this.#held.delete(key);
    }
  }

  /** Returns whether the end is certain in a topic-partition. */
  isPassed(key: string): boolean {
    return this.#held.get(key) === "passed";
  }
}

interface Held {
  readonly events: ReceivedEvent[];
  bytes: number;
}

/** The stream and the end of a back-fill. */
export interface BackFillOptions {
  /** Opens the stream. */
  readonly open: (stop: AbortSignal) => EventStream;
  /** The end of the back-fill, in ms since 1970, exclusive. */
  readonly until: number;
  /** Ends the back-fill early. */
  readonly stop: AbortSignal;
  /** How long a connection may bring no event before `until`, in ms (default 5,000). */
  readonly patience?: number;
}

const log = getLogger(["wikitap", "upstream"]);

/** The default of `patience`, in ms. */
const PATIENCE = 5_000;
/** The interval of checks of `patience`, in ms. */
const LOOK_EVERY = 100;

/**
 * A stream up to a time. It ends when every upstream topic-partition has reached its
 * {@linkcode BackFillEnd}. An idle one may have no event beyond the time for half an hour. So it
 * also ends when the time has passed and no event before it was received for `patience`, twice. A
 * dead connection looks like a quiet one, so the second time is on a new connection, which has
 * repeated the last events.
 */
export class BackFill implements Pick<EventStream, "counts" | "topicPartitions" | "start"> {
  readonly #stream: EventStream;
  readonly #enough = new AbortController();
  readonly #options: BackFillOptions;
  readonly #end: BackFillEnd;
  #until: number;
  /** ms of connection since the last event before the time. */
  #quiet = 0;
  /** Whether another connection has been opened since then. */
  #isSecond = false;
  /** Whether the consumer is still handling events. */
  #isBusy = false;

  constructor(options: BackFillOptions) {
    this.#options = options;
    this.#until = options.until;
    this.#end = new BackFillEnd(options.until);
    this.#stream = options.open(AbortSignal.any([options.stop, this.#enough.signal]));
  }

  /** The counts of the stream. */
  get counts(): EventStream["counts"] {
    return this.#stream.counts;
  }

  /** Every upstream topic-partition that an id has named. */
  get topicPartitions(): Iterable<string> {
    return this.#stream.topicPartitions;
  }

  /** The time in ms at which the stream began. */
  get start(): number {
    return this.#stream.start;
  }

  /** Yields the events up to the end, as the stream does. */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly ReceivedEvent[], void> {
    const timer = setInterval(() => this.#look(), LOOK_EVERY);
    try {
      for await (const events of this.#stream) {
        const due: ReceivedEvent[] = [];
        for (const received of events) this.#end.take(received, due);
        if (due.length > 0) {
          this.#isBusy = true;
          yield due;
          this.#isBusy = false;
          this.#quiet = 0;
          this.#isSecond = false;
        }
        if (this.#isComplete()) break;
      }
    } finally {
      clearInterval(timer);
    }
    if (!this.#options.stop.aborted) this.#report();
  }

  /** Moves the end to an earlier time, in ms since 1970. Later events may have been returned. */
  endAt(until: number): void {
    this.#until = until;
    this.#end.moveTo(until);
  }

  #isComplete(): boolean {
    const keys = [...this.#stream.topicPartitions];
    return keys.length > 0 && keys.every((key) => this.#end.isPassed(key));
  }

  #look(): void {
    const { patience = PATIENCE } = this.#options;
    const isReading = this.counts.connected && !this.#isBusy;
    if (!isReading || this.#stream.time <= this.#until + DISORDER) return;
    this.#quiet += LOOK_EVERY;
    if (this.#quiet < patience) return;
    if (this.#isSecond && this.#stream.isAtNews) return this.#enough.abort();
    this.#isSecond = true;
    this.#quiet = 0;
    this.#stream.reconnect();
  }

  #report(): void {
    const { patience = PATIENCE } = this.#options;
    const at = new Date(this.#until).toISOString();
    const open = [...this.#stream.topicPartitions].filter((key) => !this.#end.isPassed(key));
    if (open.length === 0) return log.info("Reached {at} in all upstream partitions", { at });
    log.info(
      "Reached {at}: no earlier event arrived for {seconds} s, and no later one in {open}",
      { at, seconds: 2 * patience / 1000, open: open.join(", ") },
    );
  }
}
