import { getLogger } from "@logtape/logtape";
import type { ReceivedEvent } from "../parse/received_event.ts";
import type { PositionUpdate } from "./partition_position.ts";
import type { EventStream } from "../stream.ts";

/** How far back timestamps go in one topic-partition's order, in ms: by 46 in all that was seen. */
export const DISORDER = 1000;
/** What is held per topic-partition behind the end, until it is sure: so many, and so many bytes. */
const MAX_HELD = 10_000;
const MAX_HELD_BYTES = 16 * 1024 * 1024;

/**
 * Where a back-fill ends in each upstream topic-partition: behind the last event of before `until`.
 *
 * Timestamps are not quite in order, so the first event of `until` or later is held, and what
 * follows it too. If one of before `until` still comes, all that is held belongs to the back-fill,
 * so that nothing is left out and the position stays one place in the log: a later start goes on
 * right behind it. An event 1 s beyond `until`, or 10,000 held ones or 16 MiB of them, make the end
 * sure.
 */
export class BackFillEnd<A extends PositionUpdate & { readonly data: Uint8Array }> {
  readonly #until: number;
  /** What is held, per topic-partition; `passed` where the end is sure. */
  readonly #held = new Map<string, Held<A> | "passed">();

  /** @param until ms since 1970. */
  constructor(until: number) {
    this.#until = until;
  }

  /** Appends to `due` what is to be handled now: nothing, the arrival, or what was held before it. */
  take(arrival: A, due: A[]): void {
    const { key, timestamp } = arrival;
    const held = this.#held.get(key) ?? { arrivals: [], bytes: 0 };
    if (held === "passed") return;
    // A frame that could not be read has no time: it belongs to what it stands among.
    const isBefore = timestamp === undefined ? held.arrivals.length === 0 : timestamp < this.#until;
    const isFull = held.arrivals.length >= MAX_HELD || held.bytes >= MAX_HELD_BYTES;
    if (isBefore) {
      due.push(...held.arrivals, arrival);
      this.#held.delete(key);
    } else if ((timestamp ?? 0) >= this.#until + DISORDER || isFull) {
      this.#held.set(key, "passed");
    } else {
      held.arrivals.push(arrival);
      held.bytes += arrival.data.length;
      this.#held.set(key, held);
    }
  }

  /** Whether the end is sure in a topic-partition. */
  isPassed(key: string): boolean {
    return this.#held.get(key) === "passed";
  }
}

interface Held<A> {
  readonly arrivals: A[];
  bytes: number;
}

export interface BackFillOptions {
  /** Opens the stream. */
  readonly open: (stop: AbortSignal) => EventStream;
  /** Events of before this time, in ms, are wanted. */
  readonly until: number;
  readonly stop: AbortSignal;
  /** ms that a connection may bring nothing of before `until` (default 5,000). */
  readonly patience?: number;
}

const log = getLogger(["wikitap", "upstream"]);

const PATIENCE = 5_000;
/** How often is looked whether patience is at its end, in ms. */
const LOOK_EVERY = 100;

/**
 * A stream up to a time: ends when every upstream topic-partition has come to its
 * {@linkcode BackFillEnd}. One that is idle may have nothing beyond the time for half an hour. So it
 * also ends when the time has passed and the service has brought nothing of before it for
 * `patience`, twice: a dead connection looks like a quiet one, so the second time it is a new one,
 * which has repeated what came last.
 */
export class BackFill implements Pick<EventStream, "counts" | "topicPartitions" | "start"> {
  readonly #stream: EventStream;
  readonly #enough = new AbortController();
  readonly #options: BackFillOptions;
  readonly #end: BackFillEnd<ReceivedEvent>;
  /** ms of connection since the last event of before the time. */
  #quiet = 0;
  /** Whether another connection has been opened since then. */
  #isSecond = false;
  /** Whoever takes the events is at work on some. */
  #isBusy = false;

  constructor(options: BackFillOptions) {
    this.#options = options;
    this.#end = new BackFillEnd(options.until);
    this.#stream = options.open(AbortSignal.any([options.stop, this.#enough.signal]));
  }

  get counts(): EventStream["counts"] {
    return this.#stream.counts;
  }

  get topicPartitions(): Iterable<string> {
    return this.#stream.topicPartitions;
  }

  get start(): number {
    return this.#stream.start;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly ReceivedEvent[], void> {
    const timer = setInterval(() => this.#look(), LOOK_EVERY);
    try {
      for await (const arrivals of this.#stream) {
        const due: ReceivedEvent[] = [];
        for (const arrival of arrivals) this.#end.take(arrival, due);
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

  #isComplete(): boolean {
    const keys = [...this.#stream.topicPartitions];
    return keys.length > 0 && keys.every((key) => this.#end.isPassed(key));
  }

  #look(): void {
    const { until, patience = PATIENCE } = this.#options;
    const isReading = this.counts.connected && !this.#isBusy;
    if (!isReading || this.#stream.time <= until + DISORDER) return;
    this.#quiet += LOOK_EVERY;
    if (this.#quiet < patience) return;
    if (this.#isSecond && this.#stream.isAtNews) return this.#enough.abort();
    this.#isSecond = true;
    this.#quiet = 0;
    this.#stream.reconnect();
  }

  #report(): void {
    const { until, patience = PATIENCE } = this.#options;
    const at = new Date(until).toISOString();
    const open = [...this.#stream.topicPartitions].filter((key) => !this.#end.isPassed(key));
    if (open.length === 0) return log.info("Reached {at} in all of the stream", { at });
    log.info(
      "Reached {at}: nothing from before came for {seconds} s, though nothing from after it in {open}",
      { at, seconds: 2 * patience / 1000, open: open.join(", ") },
    );
  }
}
