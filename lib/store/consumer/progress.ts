import type { Bounds } from "../../kafka/consume/bounds.ts";
import type { Rows } from "../rows.ts";
import { SESSION } from "./session.ts";

/** What a member has done and what it has before it, for those who look. */
export interface Snapshot {
  /** Rows in the table of edits, in this run. */
  readonly edits: number;
  /** Records put aside, in this run. */
  readonly bad: number;
  /** Records of the partitions held that are not stored; markers of transactions count. */
  readonly lagRecords: number;
  /**
   * How old the last stored record is now, in ms: the oldest of the partitions where more wait. 0
   * where nothing waits, or nothing is stored yet.
   */
  readonly lagMs: number;
  readonly partitions: number;
  readonly isDatabaseAway: boolean;
  /** Whether Kafka has answered this member within its session; `undefined` before it ever did. */
  readonly isKafkaConnected: boolean | undefined;
}

interface PartitionProgress {
  next: bigint;
  high: bigint;
  /** Timestamp of the last stored record, in ms. */
  time: number | undefined;
}

/** Counts what a member does. */
export class Progress {
  #edits = 0;
  #bad = 0;
  #isAway = false;
  #answeredAt: number | undefined;
  #partitions = new Map<number, PartitionProgress>();
  readonly #now: () => number;
  readonly #sessionTimeoutMs: number;

  /** @param sessionTimeoutMs How long an answer of Kafka counts. Default 10,000. */
  constructor(now: () => number = Date.now, sessionTimeoutMs: number = SESSION.sessionTimeout) {
    this.#now = now;
    this.#sessionTimeoutMs = sessionTimeoutMs;
  }

  /** Records stored in this run, good and bad. */
  get records(): number {
    return this.#edits + this.#bad;
  }

  /** The member has these partitions now, and no others. */
  assigned(partitions: readonly number[]): void {
    this.#partitions = new Map(
      partitions.map((partition) => [partition, { next: 0n, high: 0n, time: undefined }]),
    );
  }

  /** Kafka was asked where the partitions end. */
  ends(bounds: ReadonlyMap<number, Bounds>): void {
    for (const [partition, state] of this.#partitions) {
      state.high = bounds.get(partition)?.high ?? state.high;
    }
  }

  /** All before `next` is done. */
  reached(partition: number, next: bigint): void {
    const state = this.#partitions.get(partition);
    if (state === undefined) return;
    state.next = next;
    if (next > state.high) state.high = next;
  }

  /** Records came, and with them word of where the partition ends. */
  fetched(partition: number, high: bigint): void {
    const state = this.#partitions.get(partition);
    if (state !== undefined) state.high = high;
  }

  /** Rows were written. */
  stored(
    partition: number,
    { rows, next, last, rejected = 0 }: {
      readonly rows: Rows;
      readonly next: bigint;
      readonly last: { readonly timestamp: string };
      /** How many of the edits the database put aside. Default 0. */
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

  /** Kafka answered: the member is in the group. */
  answered(): void {
    this.#answeredAt = this.#now();
  }

  away(isAway: boolean): void {
    this.#isAway = isAway;
  }

  /** The state of things. */
  snapshot(): Snapshot {
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

/** What was done in this run: `12,345 stored, 2 put aside`. */
export function formatDone({ edits, bad }: Pick<Snapshot, "edits" | "bad">): string {
  const stored = `${count(edits)} stored`;
  return bad === 0 ? stored : `${stored}, ${count(bad)} put aside`;
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}
