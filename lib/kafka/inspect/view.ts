// Views of a cluster, in the terms of Kafka's own tools.
import type {
  BrokerAddress,
  DescribedGroup,
  GroupMember,
  ListedGroup,
  PartitionState,
  TopicMetadata,
} from "../requests/answers.ts";
import type { TopicPartition } from "../topic_partition.ts";

/** One broker. */
export interface BrokerView extends Pick<BrokerAddress, "id" | "rack"> {
  /** `host:port` as advertised; null if the broker is known from replicas only. */
  readonly address: string | null;
  /** Whether it is the active controller; null without permission (Describe on the cluster). */
  readonly controller: boolean | null;
  /** Whether the broker is live. */
  readonly up: boolean;
  /** Partitions that the broker leads. */
  readonly leaders: number;
  /** Replicas of partitions that the broker has or should have. */
  readonly replicas: number;
  /** Bytes on disk; null if Kafka does not return them. */
  readonly bytes: number | null;
}

/** One partition. */
export interface PartitionView extends Pick<PartitionState, "partition" | "replicas" | "inSync"> {
  /** The id of its leader; null if there is none. */
  readonly leader: number | null;
  /** Whether a replica is out of sync. */
  readonly underReplicated: boolean;
  /** Offset of the first record that still exists; null if the leader does not answer. */
  readonly firstOffset: number | null;
  /** Offset of the next record to be written (the high watermark); null as above. */
  readonly nextOffset: number | null;
  /**
   * Highest record timestamp in ms since 1970; null if there is no record or it was not requested.
   */
  readonly lastTimestamp: number | null;
  /** Bytes on the leader's disk; null if Kafka does not return them. */
  readonly bytes: number | null;
}

/** One topic. */
export interface TopicView extends Pick<TopicMetadata, "topic" | "topicId"> {
  /** Whether Kafka uses the topic itself. */
  readonly internal: boolean;
  /** The minimum of all partitions. */
  readonly replicationFactor: number;
  /**
   * The sum of the partitions' offsets from first to next. It includes transaction markers and gaps
   * left by compaction, so it is an upper bound of the records. Null if a leader does not answer.
   */
  readonly records: number | null;
  /** Bytes on the leaders' disks; null if Kafka does not return them. */
  readonly bytes: number | null;
  /** The settings named in `TOPIC_SETTINGS`; null without permission. */
  readonly configs: Readonly<Record<string, string | null>> | null;
  /** The partitions by ascending number. */
  readonly partitions: readonly PartitionView[];
}

/** The settings of a topic that are shown, by Kafka's names. */
export const TOPIC_SETTINGS = [
  "cleanup.policy",
  "compression.type",
  "min.insync.replicas",
  "retention.bytes",
  "retention.ms",
] as const;

/** A partition that a group reads, or has committed an offset for. */
export interface GroupPartitionView extends TopicPartition {
  /** The offset of the next record to read; null if nothing is committed. */
  readonly committedOffset: number | null;
  /** The offset of the next record to be written; null if the topic or its leader is missing. */
  readonly nextOffset: number | null;
  /** Records from the committed offset to the next one to be written; null if either is null. */
  readonly lag: number | null;
  /** The id of the member that reads it; null if there is none. */
  readonly memberId: string | null;
}

/** One member of a group. */
export interface MemberView extends Omit<GroupMember, "partitions"> {
  /** The number of partitions that it reads. */
  readonly partitions: number;
}

/** One consumer group. */
export interface GroupView
  extends Pick<ListedGroup, "groupId" | "state" | "type">, Pick<DescribedGroup, "assignor"> {
  /** The id of the broker that coordinates it. */
  readonly coordinator: number;
  /** Whether it holds a wikitap producer's position: its offset counts events, not records. */
  readonly position: boolean;
  /** The running wikitap program that reads in it without committing; null for other groups. */
  readonly temporaryOf: string | null;
  /** The members. */
  readonly members: readonly MemberView[];
  /** The partitions that it reads or has committed offsets for, by topic and number. */
  readonly partitions: readonly GroupPartitionView[];
  /** The sum over partitions with a known lag; null for a position, or if none is known. */
  readonly lag: number | null;
}
