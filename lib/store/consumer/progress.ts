import { SESSION } from "../../kafka/consume/consumer_options.ts";
import { type Bounds, PartitionMap, type TopicPartition } from "../../kafka/topic_partition.ts";
import type { Rows } from "../rows.ts";

/** The work that a member has done and that it has left, for the status line and metrics. */
export interface ProgressSnapshot {
  /** Rows written to the table of edits in this run. */
  readonly edits: number;
  /** Bad records in this run. */
  readonly bad: number;
  /** Records that were not selected in this run. */
  readonly skipped: number;
  /** Records of the held partitions that are not stored; transaction markers count. */
  readonly lagRecords: number;
  /**
   * The age of the last stored record in ms: the oldest among the partitions with more records. 0
   * if there are no more, or nothing is stored yet.
   */
  readonly lagMs: number;
  /** The number of held partitions. */
  readonly partitions: number;
  /** Whether the database is unavailable. */
  readonly isDatabaseAway: boolean;
  /** Whether Kafka answered within the session; `undefined` before its first answer. */
  readonly isKafkaConnected: boolean | undefined;
}

interface PartitionProgress {
  next: bigint;
  high: bigint;
  /** Timestamp of the last stored record, in ms. */
  time: number | undefined;
}

/** Counts the work of a member. */
export class StoreProgress {
  #edits = 0;
  #bad = 0;
  #skipped = 0;
  #isAway = false;
  #answeredAt: number | undefined;
  #partitions = new PartitionMap<PartitionProgress>();
  readonly #now: () => number;

  /**
   * Creates it before the first record.
   *
   * @param now Returns the time in ms (default `Date.now`).
   */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** The number of records handled in this run, including bad and skipped ones. */
  get records(): number {
    return this.#edits + this.#bad + this.#skipped;
  }

  /** Notes the partitions of the member; it has no others. */
  assigned(partitions: readonly TopicPartition[]): void {
    this.#partitions = new PartitionMap(
      partitions.map((at) => [at, { next: 0n, high: 0n, time: undefined }]),
    );
  }

  /** Notes the ends of the partitions. */
  ends(bounds: PartitionMap<Bounds>): void {
    for (const [at, state] of this.#partitions) {
      state.high = bounds.get(at)?.high ?? state.high;
    }
  }

  /** Notes that everything before `next` is done. */
  reached(at: TopicPartition, next: bigint): void {
    const state = this.#partitions.get(at);
    if (state === undefined) return;
    state.next = next;
    if (next > state.high) state.high = next;
  }

  /** Notes the end of a partition, received with records. */
  fetched(at: TopicPartition, high: bigint): void {
    const state = this.#partitions.get(at);
    if (state !== undefined) state.high = high;
  }

  /** Counts rows that were written. */
  stored(
    at: TopicPartition,
    { rows, next, last, skipped = 0, rejected = 0 }: {
      readonly rows: Rows;
      readonly next: bigint;
      readonly last: { readonly timestamp: string };
      /** The number of records that were not selected. Default 0. */
      readonly skipped?: number;
      /** The number of edits that the database stored as bad records. Default 0. */
      readonly rejected?: number;
    },
  ): void {
    this.#edits += rows.edits.length - rejected;
    this.#bad += rows.bad.length + rejected;
    this.#skipped += skipped;
    const state = this.#partitions.get(at);
    if (state === undefined) return;
    state.time = Number(last.timestamp);
    this.reached(at, next);
  }

  /** Notes an answer of Kafka: the member is in the group. */
  answered(): void {
    this.#answeredAt = this.#now();
  }

  /** Notes whether the database is unavailable. */
  away(isAway: boolean): void {
    this.#isAway = isAway;
  }

  /** Returns the current state. */
  snapshot(): ProgressSnapshot {
    const now = this.#now();
    const states = [...this.#partitions].map(([, state]) => state);
    const behind = states.filter(({ next, high }) => next < high);
    const oldest = Math.min(...behind.map(({ time }) => time ?? now));
    return {
      edits: this.#edits,
      bad: this.#bad,
      skipped: this.#skipped,
      lagRecords: behind.reduce((sum, { next, high }) => sum + Number(high - next), 0),
      lagMs: behind.length === 0 ? 0 : Math.max(0, now - oldest),
      partitions: states.length,
      isDatabaseAway: this.#isAway,
      isKafkaConnected: this.#answeredAt === undefined
        ? undefined
        : now - this.#answeredAt <= SESSION.sessionTimeout,
    };
  }
}

/** Formats the work done in this run: `12,345 stored, 2 bad, 40 skipped`. */
export function formatDone(
  { edits, bad, skipped }: Pick<ProgressSnapshot, "edits" | "bad" | "skipped">,
): string {
  return [
    `${count(edits)} stored`,
    ...bad === 0 ? [] : [`${count(bad)} bad`],
    ...skipped === 0 ? [] : [`${count(skipped)} skipped`],
  ].join(", ");
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}
