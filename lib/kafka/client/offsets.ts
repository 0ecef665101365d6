// Commits offsets with metadata, which kafkajs supports and its types lack.
import { internalCluster } from "./internal_cluster.ts";
import type { Kafka, Offsets, Transaction } from "./kafkajs.ts";

/** An offset that a group commits, with metadata (by default at most 4,096 bytes). */
export interface OffsetWithMetadata {
  /** The consumer group. */
  readonly groupId: string;
  /** The topic of the partition. */
  readonly topic: string;
  /** The number of the partition. */
  readonly partition: number;
  /** The offset to commit, as decimal digits. */
  readonly offset: string;
  /** Text that is stored with the offset. */
  readonly metadata: string;
}

/**
 * Commits an offset with metadata in `transaction`.
 *
 * @throws errors of kafkajs.
 */
export async function sendOffsetWithMetadata(
  transaction: Transaction,
  { groupId, topic, ...partition }: OffsetWithMetadata,
): Promise<void> {
  const offsets: Offsets = { topics: [{ topic, partitions: [partition] }] };
  await transaction.sendOffsets({ consumerGroupId: groupId, ...offsets });
}

/** Commits offsets for a group without being its member, as Kafka's administration tools do. */
export interface OffsetCommitter {
  /** Connects to the cluster. */
  connect(): Promise<void>;
  /** Disconnects from the cluster. */
  disconnect(): Promise<void>;
  /**
   * Commits one offset.
   *
   * @throws a protocol error: UNKNOWN_MEMBER_ID while the group has members.
   */
  commit(offset: OffsetWithMetadata): Promise<void>;
}

/** Creates an {@linkcode OffsetCommitter}: kafkajs commits metadata only for members of a group. */
export function offsetCommitter(kafka: Kafka): OffsetCommitter {
  const cluster = internalCluster(kafka);
  return {
    connect: () => cluster.connect(),
    disconnect: () => cluster.disconnect(),
    commit: async ({ groupId, topic, ...partition }) => {
      const coordinator = await cluster.findGroupCoordinator({ groupId });
      const topics = [{ topic, partitions: [partition] }];
      await coordinator.offsetCommit({ groupId, groupGenerationId: -1, memberId: "", topics });
    },
  };
}
