import { getLogger } from "@logtape/logtape";
import { AssignerProtocol, type PartitionAssigner } from "../client/kafkajs.ts";
import { byTopic, type TopicPartition } from "../topic_partition.ts";

const { MemberAssignment, MemberMetadata } = AssignerProtocol;

/** The protocol's version of subscriptions and assignments. */
const VERSION = 0;

const NO_USER_DATA = { version: VERSION, userData: new Uint8Array() as never };

/** A member of a group, and the topics that it subscribed to. */
export interface Subscription {
  /** The id in the group. */
  readonly memberId: string;
  /** The topics of the subscription. */
  readonly topics: readonly string[];
}

const logger = getLogger(["wikitap", "kafka"]);

/**
 * Shares partitions evenly among the members that subscribed to their topic. kafkajs's own assignor
 * gives partitions of the leader's topics to all members, and a member silently ignores partitions
 * of topics to which it did not subscribe. This assignor has the same name, so both can be in one
 * group. With equal subscriptions, both give the same result.
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
    const partitions: TopicPartition[] = [];
    for (const topic of new Set(subscribers.flatMap(({ topics }) => topics))) {
      const numbers = own.includes(topic)
        ? cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId)
        : await partitionsOfForeign(topic);
      partitions.push(...numbers.map((partition) => ({ topic, partition })));
    }
    return [...share(subscribers, partitions)].map(([memberId, assigned]) => {
      const assignment: Record<string, number[]> = Object.create(null); // `__proto__` is a topic's name, too
      for (const { topic, partitions } of byTopic(assigned)) assignment[topic] = partitions;
      return {
        memberId,
        memberAssignment: MemberAssignment.encode({ ...NO_USER_DATA, assignment }),
      };
    });

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

/** Returns the partitions of each member. */
export function share(
  subscribers: readonly Subscription[],
  partitions: readonly TopicPartition[],
): ReadonlyMap<string, readonly TopicPartition[]> {
  const members = subscribers.toSorted((a, b) => a.memberId < b.memberId ? -1 : 1)
    .map(({ memberId, topics }) => ({
      memberId,
      topics: new Set(topics),
      own: [] as TopicPartition[],
    }));
  for (const at of partitions) {
    const readers = members.filter(({ topics }) => topics.has(at.topic));
    const fewest = Math.min(...readers.map(({ own }) => own.length));
    readers.find(({ own }) => own.length === fewest)?.own.push(at);
  }
  return new Map(members.map(({ memberId, own }) => [memberId, own]));
}
