import type { FetchedRecord } from "../wire/fetch/fetched_record.ts";
import type { PartitionMap, TopicPartition } from "../topic_partition.ts";

/** Membership of a consumer group, all in ms. */
export interface SessionTimes {
  /** Time without a heartbeat after which a member is removed from the group. */
  readonly sessionTimeout: number;
  /** Time between two heartbeats. */
  readonly heartbeatInterval: number;
  /** How long the other members wait for one that has to join again. */
  readonly rebalanceTimeout: number;
}

/** The membership of programs that write: others take over their partitions after 10 s. */
export const SESSION: SessionTimes = {
  sessionTimeout: 10_000,
  heartbeatInterval: 1000,
  rebalanceTimeout: 10_000,
};

/** By partition, the offset of the next record to read. */
export type Offsets = PartitionMap<bigint>;

/** Some records of a partition, in order, and the offset after them. */
export interface FetchedChunk {
  /** Empty if only markers or aborted records were fetched, or what the log cleaner left. */
  readonly records: readonly FetchedRecord[];
  /** The offset to continue at. */
  readonly next: bigint;
}

/** The result of one fetch from one partition. */
export interface Fetched extends TopicPartition {
  /** The end of the partition when the broker answered. */
  readonly end: bigint;
  /**
   * Yields the records, some at a time. They are unpacked and decoded on demand. They are views of
   * memory that is freed after `handle` has returned.
   *
   * @param mostRecords The maximum number of records in a chunk. Default: no limit.
   * @throws {UnreadableRecords} for records that are corrupt, or too large when unpacked.
   */
  chunks(mostRecords?: number): Iterable<FetchedChunk>;
  /** Advances to `next`: earlier records are not fetched again in this membership. */
  advance(next: bigint): void;
  /**
   * Aborted when another member may already have the partition. Errors of `handle` are ignored
   * after that.
   */
  readonly signal: AbortSignal;
  /**
   * Sends a heartbeat if one is due. Never rejects.
   *
   * @returns `false` if Kafka rejected it, or if the connection failed. The fetch is over then: what
   * was not advanced is fetched again.
   */
  heartbeat(): Promise<boolean>;
}

/** Options of a consumer: the topics, the group, and the callbacks. */
export interface ConsumerOptions {
  /** One topic or several. Members of one group may have different ones. */
  readonly topics: readonly string[];
  /** The only partitions of each topic that are read. Default: all that are assigned. */
  readonly partitions?: readonly number[] | undefined;
  /** The name of the consumer group. */
  readonly groupId: string;
  /** The times of the membership. */
  readonly session: SessionTimes;
  /**
   * Maximum bytes of a partition in one fetch. Default 1 MiB. A single larger batch comes whole.
   */
  readonly maxBytesPerPartition?: number;
  /** Maximum bytes of one fetch from a broker. Two of them are in memory. Default 4 MiB. */
  readonly maxBytes?: number;
  /** Includes records of open and aborted transactions. Default `false`. */
  readonly uncommitted?: boolean;
  /** Maximum number of partitions that are handled at the same time. Default 1. */
  readonly concurrency?: number;
  /** Called at each join with the partitions that are now assigned to this member. */
  readonly onJoin?: (partitions: readonly TopicPartition[]) => void;
  /** Called when the group is about to be joined again: the last moment to commit offsets. */
  readonly onLeave?: () => void;
  /**
   * Returns the offsets to continue from in partitions, which are paused until then. Called at each
   * join for all assigned partitions, and for a partition of which Kafka returned other records
   * than those that were due.
   *
   * @param membership Aborted when the answer is no longer needed.
   */
  readonly locate: (
    partitions: readonly TopicPartition[],
    membership: AbortSignal,
  ) => Offsets | Promise<Offsets>;
  /**
   * Handles one fetch. Heartbeats continue meanwhile, and one more fetch of each broker may be
   * received. An error ends the consumer.
   */
  readonly handle: (fetched: Fetched) => Promise<void>;
  /** Called whenever a broker answers a fetch, with or without records. */
  readonly onAnswer?: () => void;
  /** Called whenever the group's coordinator answers a heartbeat. */
  readonly onHeartbeat?: () => void;
}
