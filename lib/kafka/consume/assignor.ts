import { getLogger } from "@logtape/logtape";
import { AssignerProtocol, type PartitionAssigner } from "../client/kafkajs.ts";

const { MemberAssignment, MemberMetadata } = AssignerProtocol;

/** The protocol's version of subscriptions and assignments. */
const VERSION = 0;

/** A member of a group, and the topics that it subscribed to. */
export interface Subscription {
  /** Its id in the group. */
  readonly memberId: string;
  /** Its topics. */
  readonly topics: readonly string[];
}

/** The numbers of partitions by topic. */
export type PartitionNumbers = Readonly<Record<string, number[]>>;

const logger = getLogger(["wikitap", "kafka"]);

/**
 * Shares partitions evenly among the members that subscribed to their topic. kafkajs's own assignor
 * gives partitions of the leader's topics to all members, and a member silently ignores those of
 * topics to which it did not subscribe. This one has the same name, so both can be in one group; with equal
 * subscriptions both give the same result.
 */
export const subscribedAssignor: PartitionAssigner = ({ cluster, groupId }) => ({
  name: "RoundRobinAssigner",
  version: VERSION,
  protocol({ topics }) {
    const metadata = MemberMetadata.encode({ ...NO_USER_DATA, topics });
    return { name: this.name, metadata };
  },
  async assign({ members, topics: own }) {
    const subscribers = members.map(({ memberId, memberMetadata }) => ({
      memberId,
      topics: MemberMetadata.decode(memberMetadata)?.topics ?? [],
    }));
    const partitions: Record<string, number[]> = {};
    for (const topic of new Set(subscribers.flatMap(({ topics }) => topics))) {
      partitions[topic] = own.includes(topic)
        ? cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId)
        : await partitionsOfForeign(topic);
    }
    return [...share(subscribers, partitions)].map(([memberId, assignment]) => ({
      memberId,
      memberAssignment: MemberAssignment.encode({ ...NO_USER_DATA, assignment }),
    }));

    /** Of a topic that only other members read. It must not become one that this member needs. */
    async function partitionsOfForeign(topic: string): Promise<number[]> {
      try {
        const broker = await cluster.findGroupCoordinator({ groupId });
        const { topicMetadata } = await broker.metadata([topic]);
        return topicMetadata.flatMap(({ partitionMetadata }) =>
          partitionMetadata.map(({ partitionId }) => partitionId)
        );
      } catch (error) {
        logger.warn(
          "Cannot assign the topic '{topic}' to the other members of the group '{group}', so no member reads it: {error}",
          { topic, group: groupId, error },
        );
        return [];
      }
    }
  },
});

const NO_USER_DATA = { version: VERSION, userData: new Uint8Array() as never };

/** Returns the partitions of each member that gets some. */
export function share(
  subscribers: readonly Subscription[],
  partitions: PartitionNumbers,
): ReadonlyMap<string, PartitionNumbers> {
  const inOrder = subscribers.toSorted((a, b) => a.memberId < b.memberId ? -1 : 1);
  const counts = new Map(inOrder.map(({ memberId }) => [memberId, 0]));
  const shares = new Map<string, Record<string, number[]>>();
  for (const [topic, numbers] of Object.entries(partitions)) {
    const readers = inOrder.filter(({ topics }) => topics.includes(topic));
    for (const partition of readers.length === 0 ? [] : numbers) {
      const { memberId } = readers.reduce((least, one) =>
        counts.get(one.memberId)! < counts.get(least.memberId)! ? one : least
      );
      counts.set(memberId, counts.get(memberId)! + 1);
      const own = shares.get(memberId) ?? {};
      (own[topic] ??= []).push(partition);
      shares.set(memberId, own);
    }
  }
  return shares;
}
