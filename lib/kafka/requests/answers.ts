// What brokers answer: types only, for the page's JavaScript too. Hence they import nothing of Node.
import type { TopicPartition } from "../topic_partition.ts";

/** A live broker with its advertised address. */
export interface BrokerAddress {
  /** The broker's id. */
  readonly id: number;
  /** The advertised host name. */
  readonly host: string;
  /** The advertised port. */
  readonly port: number;
  /** The rack, if it is configured. */
  readonly rack: string | null;
}

/** A partition with its leader and replicas. */
export interface PartitionState {
  /** The partition of the topic. */
  readonly partition: number;
  /** The id of the leader; -1 if there is none. */
  readonly leader: number;
  /** The ids of brokers with a replica. */
  readonly replicas: readonly number[];
  /** The ids of brokers whose replica is in sync. */
  readonly inSync: readonly number[];
}

/** A topic as one broker sees it. */
export interface TopicMetadata {
  /** The name of the topic. */
  readonly topic: string;
  /** Changes if a topic is deleted and created again; 22 characters of base64url. */
  readonly topicId: string;
  /** Whether Kafka uses the topic itself. */
  readonly isInternal: boolean;
  /** Partitions by ascending number. */
  readonly partitions: readonly PartitionState[];
  /** Kafka's error code; 0 for none. */
  readonly errorCode: number;
}

/** The cluster as one broker sees it. */
export interface ClusterMetadata {
  /** The id of the cluster. */
  readonly clusterId: string | null;
  /** A broker that accepts requests for the controller. In KRaft it need not be the controller. */
  readonly controllerId: number;
  /** The live brokers. */
  readonly brokers: readonly BrokerAddress[];
  /** The requested topics. */
  readonly topics: readonly TopicMetadata[];
}

/** A group in its coordinator's list. */
export interface ListedGroup {
  /** The name of the group. */
  readonly groupId: string;
  /** `consumer`, `connect`, …; empty for a group that only holds offsets. */
  readonly protocolType: string;
  /** `Stable`, `Empty`, `PreparingRebalance`, … */
  readonly state: string;
  /** `classic`, `consumer` (KIP-848), `share`; in lower case. */
  readonly type: string;
}

/** A member of a group and its partitions. */
export interface GroupMember {
  /** The id that the coordinator assigned. */
  readonly memberId: string;
  /** The client id that the member chose. */
  readonly clientId: string;
  /** The member's address, as the broker sees it. */
  readonly host: string;
  /** The partitions that it reads. */
  readonly partitions: readonly TopicPartition[];
}

/** A group with its members. */
export interface DescribedGroup {
  /** The name of the group. */
  readonly groupId: string;
  /** The assignment strategy: `range`, `RoundRobinAssigner`, … */
  readonly assignor: string;
  /** The members. */
  readonly members: readonly GroupMember[];
  /** Kafka's error code; 0 for none. */
  readonly errorCode: number;
}
