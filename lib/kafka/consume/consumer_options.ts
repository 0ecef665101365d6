import type { TopicPartition } from "../requests/offsets.ts";
import type { FetchedRecord } from "../wire/fetch/fetched_record.ts";
import type { PartitionMap } from "./direct/partition_map.ts";

/** Membership of a consumer group, all in ms. */
export interface SessionTimes {
  /** Time without a heartbeat after which a member is removed from the group. */
  readonly sessionTimeout: number;
  /** Time between two heartbeats. */
  readonly heartbeatInterval: number;
  /** How long the others wait for a member that has to join again. */
  readonly rebalanceTimeout: number;
}

/** By partition, the offset of the next record to read. */
export type Offsets = PartitionMap<bigint>;

/** Some records of a partition, in order, and the offset after them. */
export interface FetchedChunk {
  /** None, if what was fetched are markers, aborted records, or what the log cleaner left. */
  readonly records: readonly FetchedRecord[];
  /** The offset to continue at. */
  readonly next: bigint;
}

/** The result of one fetch from one partition. */
export interface Fetched extends TopicPartition {
  /** The end of the partition when the broker answered. */
  readonly end: bigint;
  /**
   * The records, some at a time: they are unpacked and decoded on demand.
   *
   * @throws {UnreadableRecords} for records that are corrupt, or too large when unpacked.
   */
  chunks(): Iterable<FetchedChunk>;
  /** Moves on: what comes before `next` is not fetched again in this membership. */
  advance(next: bigint): void;
  /**
   * Aborted when the partition may be another member's already. What `handle` throws after that is
   * ignored.
   */
  readonly signal: AbortSignal;
  /** Sends a heartbeat if one is due. Throws if this member was removed from the group. */
  heartbeat(): Promise<void>;
}

/** The topics to consume, and the member that does it. */
export interface ConsumerOptions {
  /** One topic or several. Members of one group may have different ones. */
  readonly topics: readonly string[];
  /** The only partitions of each topic that are read. Default: all that are assigned. */
  readonly partitions?: readonly number[] | undefined;
  /** The name of the consumer group. */
  readonly groupId: string;
  /** The times of its membership. */
  readonly session: SessionTimes;
  /** Bytes that a fetch takes of a partition at most. Default 1 MiB. One batch always comes whole. */
  readonly maxBytesPerPartition?: number;
  /** Bytes that a fetch takes of a broker at most. Default 8 MiB. */
  readonly maxBytes?: number;
  /** Also records of transactions that are open or were aborted. Default `false`. */
  readonly uncommitted?: boolean;
  /** How many partitions are handled at the same time at most. Default 1. */
  readonly concurrency?: number;
  /** Called at each join, with the partitions that are this member's from now on. */
  readonly onJoin?: (partitions: readonly TopicPartition[]) => void;
  /** Called when the group is about to be joined again: the last moment to commit offsets. */
  readonly onLeave?: () => void;
  /**
   * Says where to go on in partitions, which are paused until then. Asked at each join for all that
   * are assigned, and for a partition of which Kafka gave other records than those that were due.
   *
   * @param membership Aborted when the answer is not wanted any more.
   */
  readonly locate: (
    partitions: readonly TopicPartition[],
    membership: AbortSignal,
  ) => Offsets | Promise<Offsets>;
  /**
   * Handles what was fetched. Heartbeats continue meanwhile, and the partition is not fetched further.
   * What it throws ends the consumer.
   */
  readonly handle: (fetched: Fetched) => Promise<void>;
  /** Called whenever a broker answered a fetch, with records or without. */
  readonly onAnswer?: () => void;
  /** Called whenever the group's coordinator answered a heartbeat. */
  readonly onHeartbeat?: () => void;
}
