/** What can be seen of a cluster, in the words of Kafka's own tools. */

/** One broker. */
export interface BrokerView {
  readonly id: number;
  /** `host:port` as advertised; null if the broker is known from replicas only. */
  readonly address: string | null;
  readonly rack: string | null;
  /** Null if the user may not ask (Describe on the cluster). */
  readonly controller: boolean | null;
  readonly up: boolean;
  /** Partitions that the broker leads. */
  readonly leaders: number;
  /** Copies of partitions that the broker has or should have. */
  readonly replicas: number;
  /** Bytes on disk; null if Kafka does not tell. */
  readonly bytes: number | null;
}

/** One partition. */
export interface PartitionView {
  readonly partition: number;
  /** Id of a broker; null while there is no leader. */
  readonly leader: number | null;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
  readonly underReplicated: boolean;
  /** Offset of the first record that is still there; null if the leader does not answer. */
  readonly firstOffset: number | null;
  /** Offset of the next record to be written (the high watermark); null as above. */
  readonly nextOffset: number | null;
  /** Highest record timestamp, ms since 1970; null if there is no record or it was not asked for. */
  readonly lastTimestamp: number | null;
  /** Bytes on the leader's disk; null if Kafka does not tell. */
  readonly bytes: number | null;
}

/** One topic. */
export interface TopicView {
  readonly topic: string;
  /** Changes when the topic is deleted and created again; 22 characters of base64url. */
  readonly topicId: string;
  readonly internal: boolean;
  /** Of the partition with the fewest replicas. */
  readonly replicationFactor: number;
  /**
   * Offsets from first to next, summed. Transaction markers and gaps left by compaction count, so
   * it is an upper bound of the records. Null if a leader does not answer.
   */
  readonly records: number | null;
  /** Bytes on the leaders' disks; null if Kafka does not tell. */
  readonly bytes: number | null;
  /** The settings named in `TOPIC_SETTINGS`; null if the user may not ask. */
  readonly configs: Readonly<Record<string, string | null>> | null;
  readonly partitions: readonly PartitionView[];
}

/** The settings of a topic that are shown, as Kafka calls them. */
export const TOPIC_SETTINGS = [
  "cleanup.policy",
  "compression.type",
  "min.insync.replicas",
  "retention.bytes",
  "retention.ms",
] as const;

/** A partition that a group reads, or has committed an offset for. */
export interface GroupPartitionView {
  readonly topic: string;
  readonly partition: number;
  /** Null if nothing is committed. */
  readonly committedOffset: number | null;
  /** Null if the topic is gone or its leader does not answer. */
  readonly nextOffset: number | null;
  /** Records from the committed offset to the next one to be written; null as both above. */
  readonly lag: number | null;
  /** Id of the member that reads it; null if none does. */
  readonly memberId: string | null;
}

/** One member of a group. */
export interface MemberView {
  readonly memberId: string;
  readonly clientId: string;
  readonly host: string;
  readonly partitions: number;
}

/** One consumer group. */
export interface GroupView {
  readonly groupId: string;
  /** `Stable`, `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Dead`. */
  readonly state: string;
  /** `classic` or `consumer` (KIP-848). */
  readonly type: string;
  readonly assignor: string;
  /** Id of the broker that coordinates it. */
  readonly coordinator: number;
  /** The group holds a wikitap producer's position: its offset counts events, not records. */
  readonly position: boolean;
  readonly members: readonly MemberView[];
  readonly partitions: readonly GroupPartitionView[];
  /** Sum over the partitions with a known lag; null for a position, or if none is known. */
  readonly lag: number | null;
}
