import type { TopicPartition } from "../topic_partition.ts";
import type { From } from "./direct/starts.ts";

/** One record that was read. */
export interface ReadRecord {
  /** The key, null if it has none. */
  readonly key: Uint8Array | null;
  /** The value, null if it has none. */
  readonly value: Uint8Array | null;
  /** ms since the epoch, in digits. */
  readonly timestamp: string;
  /** The offset, in digits. */
  readonly offset: string;
  /** The headers. A header with several values has them as an array. */
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
  /** Without a `group`: reads only these partitions of each topic. Default: all. */
  readonly partitions?: readonly number[] | undefined;
  /**
   * The start; for a `group`, `beginning` or `now`, and only in topics in which the group has no
   * offset. Default `now`.
   */
  readonly from?: From;
  /**
   * Returns the selected records, in their order; the others are skipped. Default: all. It may
   * replace records by others with the same offsets.
   */
  readonly select?: (
    records: readonly ReadRecord[],
  ) => readonly ReadRecord[] | Promise<readonly ReadRecord[]>;
  /**
   * A consumer group, whose members share the partitions. Offsets are committed within 250 ms after
   * `handle` returned, so every record is handled at least once. Default: a temporary group, which
   * commits nothing and is deleted at the end.
   */
  readonly group?: string | undefined;
  /** The prefix of the temporary group's name. Default `wikitap-reader`. */
  readonly groupPrefix?: string;
  /** Includes records of open and aborted transactions. Default `false`. */
  readonly uncommitted?: boolean;
  /** Without a `group`: stops at the end that the topic had at the start. Default `false`. */
  readonly toEnd?: boolean;
  /** Stops after this number of records. Default: no limit. */
  readonly maxRecords?: number | undefined;
  /** Stops when aborted, as soon as the pending batch is handled. */
  readonly signal?: AbortSignal;
  /**
   * Called with the records of one batch. Meanwhile, one more fetch of each broker may be received.
   * Keys and values are views of memory that is freed after it has returned.
   */
  readonly handle: (batch: ReadBatch) => void | Promise<void>;
  /** With a `group`: called before offsets are committed, to make the handled records durable. */
  readonly onCommit?: () => void | Promise<void>;
  /** With a `group`: called at each join with the partitions that are now assigned. */
  readonly onAssigned?: (partitions: readonly TopicPartition[]) => void;
  /** Called whenever a broker answers, with or without records: normally every 250 ms. */
  readonly onAnswer?: () => void;
  /** Without a `group`: called once, when all records that existed at the start are handled. */
  readonly onCaughtUp?: () => void;
}
