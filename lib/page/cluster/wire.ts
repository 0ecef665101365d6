// The messages of the server to the Kafka view: types only, shared with the view's JavaScript.

import type { BrokerView, GroupView, MemberView, PartitionView } from "../../kafka/inspect/view.ts";

/** A broker of the cluster; its address is null while it is down. */
export type Broker = Pick<BrokerView, "id" | "address" | "controller">;

/** A partition of the topic. */
export interface Partition
  extends Pick<PartitionView, "partition" | "leader" | "replicas" | "inSync"> {
  /** Offset of the first record that still exists; null if unknown. */
  readonly first: number | null;
  /** Offset of the next record to be written; null if unknown. */
  readonly next: number | null;
  /** Offsets per second over the last seconds. */
  readonly rate: number;
}

/** A member of a group. */
export interface ShownMember extends Pick<MemberView, "memberId" | "host"> {
  /** The client id and the end of the member id: many members share a client id. */
  readonly name: string;
  /** Partitions of the topic that it reads. */
  readonly partitions: readonly number[];
}

/** The offset that a group has committed for a partition of the topic. */
export interface Committed {
  /** The number of the partition. */
  readonly partition: number;
  /** The offset of the next record to read. */
  readonly offset: number;
  /** The number of records after that offset; null if the end of the partition is unknown. */
  readonly lag: number | null;
}

/** A consumer group that reads the topic. */
export interface Group extends Pick<GroupView, "groupId" | "state"> {
  /** The name to show: `dashboard (temporary)` for the group of a running dashboard. */
  readonly name: string;
  /** The members that read the topic. */
  readonly members: readonly ShownMember[];
  /** The committed offsets by partition. */
  readonly committed: readonly Committed[];
}

/** The topic with its brokers and readers; times in ms since 1970. */
export interface State {
  /** The time of this state. */
  readonly now: number;
  /** When Kafka stopped answering; null while it answers. */
  readonly awaySince: number | null;
  /** The name of the topic. */
  readonly topic: string;
  /** Null while the topic does not exist. */
  readonly topicId: string | null;
  /** The brokers, including those that are down. */
  readonly brokers: readonly Broker[];
  /** The partitions by ascending number. */
  readonly partitions: readonly Partition[];
  /** The consumer groups that read the topic. */
  readonly groups: readonly Group[];
  /** The producers whose position is attached to the topic. */
  readonly producers: readonly string[];
  /** The number of partitions and groups that are left out because of bounds. */
  readonly hidden: { readonly partitions: number; readonly groups: number };
  /** The facts that the user has no permission to see. */
  readonly withheld: readonly string[];
}

/** A change, as a text. */
export interface Happening {
  /** When it was noticed, in ms since 1970. */
  readonly time: number;
  /** Whether it is good, bad or in between. */
  readonly tone: "good" | "warn" | "bad" | "idle";
  /** A sentence without a period. */
  readonly text: string;
}

/** The lag of a group on a partition over the last minutes, oldest first. */
export interface LagSeries {
  /** The name of the group. */
  readonly groupId: string;
  /** The number of the partition. */
  readonly partition: number;
  /** Pairs of time (ms since 1970) and lag (records). */
  readonly points: readonly (readonly [time: number, lag: number])[];
}

/** Everything that a view needs to begin; replaces its state. */
export interface ClusterSnapshot {
  /** The type of the message. */
  readonly type: "snapshot";
  /** The current state. */
  readonly state: State;
  /** Past changes, newest first. */
  readonly happenings: readonly Happening[];
  /** The lag of each group and partition. */
  readonly lags: readonly LagSeries[];
  /** Whether the edits are synthetic, from the local EventStreams server. */
  readonly invented: boolean;
}

/** The news since the previous message. */
export interface ClusterFrame {
  /** The type of the message. */
  readonly type: "frame";
  /** The current state. */
  readonly state: State;
  /** New changes, newest first. */
  readonly happenings: readonly Happening[];
}

/** A message of the server to the Kafka view. */
export type ClusterMessage = ClusterSnapshot | ClusterFrame;
