/** Commits of offsets with metadata: kafkajs can, but its types do not say so. */
import { internalCluster } from "./internal_cluster.ts";
import type { Kafka, Offsets, Transaction } from "./kafkajs.ts";

/** An offset that a group commits, with words of its own (4,096 bytes at most by default). */
export interface OffsetWithMetadata {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly metadata: string;
}

/** Commits an offset with metadata in `transaction`; kafkajs can, its types do not say so. */
export async function sendOffsetWithMetadata(
  transaction: Transaction,
  { groupId, topic, ...partition }: OffsetWithMetadata,
): Promise<void> {
  const offsets: Offsets = { topics: [{ topic, partitions: [partition] }] };
  await transaction.sendOffsets({ consumerGroupId: groupId, ...offsets });
}

/** Commits offsets for a group without being its member, as Kafka's administration tools do. */
export interface OffsetCommitter {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  /** @throws a protocol error, UNKNOWN_MEMBER_ID while the group has members. */
  commit(offset: OffsetWithMetadata): Promise<void>;
}

/** See {@linkcode OffsetCommitter}; kafkajs commits metadata only for members of a group. */
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
