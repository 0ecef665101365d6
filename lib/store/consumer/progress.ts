import type { Bounds } from "../../kafka/consume/bounds.ts";
import type { Rows } from "../rows.ts";
import { SESSION } from "./session.ts";

/** The work that a member has done and that it has left, for the status line and metrics. */
export interface ProgressSnapshot {
  /** Rows written to the table of edits in this run. */
  readonly edits: number;
  /** Records put aside in this run. */
  readonly bad: number;
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
  #isAway = false;
  #answeredAt: number | undefined;
  #partitions = new Map<number, PartitionProgress>();
  readonly #now: () => number;
  readonly #sessionTimeoutMs: number;

  /**
   * Creates it before the first record.
   *
   * @param now Returns the time in ms (default `Date.now`).
   * @param sessionTimeoutMs How long an answer of Kafka is valid (default 10,000).
   */
  constructor(now: () => number = Date.now, sessionTimeoutMs: number = SESSION.sessionTimeout) {
    this.#now = now;
    this.#sessionTimeoutMs = sessionTimeoutMs;
  }

  /** The number of records stored in this run, including bad ones. */
  get records(): number {
    return this.#edits + this.#bad;
  }

  /** Notes the partitions of the member; it has no others. */
  assigned(partitions: readonly number[]): void {
    this.#partitions = new Map(
      partitions.map((partition) => [partition, { next: 0n, high: 0n, time: undefined }]),
    );
  }

  /** Notes the ends of the partitions. */
  ends(bounds: ReadonlyMap<number, Bounds>): void {
    for (const [partition, state] of this.#partitions) {
      state.high = bounds.get(partition)?.high ?? state.high;
    }
  }

  /** Notes that everything before `next` is done. */
  reached(partition: number, next: bigint): void {
    const state = this.#partitions.get(partition);
    if (state === undefined) return;
    state.next = next;
    if (next > state.high) state.high = next;
  }

  /** Notes the end of a partition, received with records. */
  fetched(partition: number, high: bigint): void {
    const state = this.#partitions.get(partition);
    if (state !== undefined) state.high = high;
  }

  /** Counts rows that were written. */
  stored(
    partition: number,
    { rows, next, last, rejected = 0 }: {
      readonly rows: Rows;
      readonly next: bigint;
      readonly last: { readonly timestamp: string };
      /** The number of edits that the database put aside. Default 0. */
      readonly rejected?: number;
    },
  ): void {
    this.#edits += rows.edits.length - rejected;
    this.#bad += rows.bad.length + rejected;
    const state = this.#partitions.get(partition);
    if (state === undefined) return;
    state.time = Number(last.timestamp);
    this.reached(partition, next);
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
    const states = [...this.#partitions.values()];
    const behind = states.filter(({ next, high }) => next < high);
    const oldest = Math.min(...behind.map(({ time }) => time ?? now));
    return {
      edits: this.#edits,
      bad: this.#bad,
      lagRecords: behind.reduce((sum, { next, high }) => sum + Number(high - next), 0),
      lagMs: behind.length === 0 ? 0 : Math.max(0, now - oldest),
      partitions: states.length,
      isDatabaseAway: this.#isAway,
      isKafkaConnected: this.#answeredAt === undefined
        ? undefined
        : now - this.#answeredAt <= this.#sessionTimeoutMs,
    };
  }
}

/** Formats the work done in this run: `12,345 stored, 2 put aside`. */
export function formatDone({ edits, bad }: Pick<ProgressSnapshot, "edits" | "bad">): string {
  const stored = `${count(edits)} stored`;
  return bad === 0 ? stored : `${stored}, ${count(bad)} put aside`;
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}
