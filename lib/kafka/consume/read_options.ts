import type { TopicPartition } from "../requests/offsets.ts";
import type { From } from "./direct/starts.ts";

/** One record as it was read. */
export interface ReadRecord {
  /** The key, null if it has none. */
  readonly key: Uint8Array | null;
  /** The value, null if it has none. */
  readonly value: Uint8Array | null;
  /** ms since the epoch, in digits. */
  readonly timestamp: string;
  /** The offset, in digits. */
  readonly offset: string;
  /** The headers; one of several values has them as an array. */
  readonly headers?: Readonly<
    Record<string, Uint8Array | string | readonly (Uint8Array | string | undefined)[] | undefined>
  >;
}

/** At least one record of a partition, in order. */
export interface ReadBatch extends TopicPartition {
  /** The records. */
  readonly records: readonly ReadRecord[];
}

/** The topics to read, the start, and the end. */
export interface ReadOptions {
  /** One topic or several. */
  readonly topic: string | readonly string[];
  /** Without a `group`: the only partitions of each topic that are read. Default: all. */
  readonly partitions?: readonly number[] | undefined;
  /**
   * Where to begin; for a `group`, `beginning` or `now`, and only in topics in which it has no offset.
   * Default `now`.
   */
  readonly from?: From;
  /**
   * Returns the records that are wanted, in their order; the others are skipped. Default: all. It may
   * return others in their place, with the same offsets.
   */
  readonly select?: (
    records: readonly ReadRecord[],
  ) => readonly ReadRecord[] | Promise<readonly ReadRecord[]>;
  /**
   * A consumer group that shares the partitions and keeps its progress: offsets are committed within
   * 250 ms after `handle` returned, so that every record is handled at least once. Default: a group
   * of one's own, which keeps nothing and is deleted at the end.
   */
  readonly group?: string | undefined;
  /** How the name of a group of one's own begins. Default `wikitap-reader`. */
  readonly groupPrefix?: string;
  /** Also records of transactions that are open or were aborted. Default `false`. */
  readonly uncommitted?: boolean;
  /** Without a `group`: stop at what was the end of the topic at the start. Default `false`. */
  readonly toEnd?: boolean;
  /** Stop after this number of records. Default: no limit. */
  readonly maxRecords?: number | undefined;
  /** Stop as soon as the pending batch is handled. */
  readonly signal?: AbortSignal;
  /** Gets the records, a batch at a time; nothing more is fetched meanwhile. */
  readonly handle: (batch: ReadBatch) => void | Promise<void>;
  /** With a `group`: called before offsets are committed. What was handled has to be safe then. */
  readonly onCommit?: () => void | Promise<void>;
  /** With a `group`: called at each join, with the partitions that are this reader's now. */
  readonly onAssigned?: (partitions: readonly TopicPartition[]) => void;
  /** Called whenever a broker answered, with records or without: every 250 ms, if all is well. */
  readonly onAnswer?: () => void;
  /** Without a `group`: called once, when all that was there at the start is handled. */
  readonly onCaughtUp?: () => void;
}
