/** What the server sends to the Kafka view: types only, shared with the view's own JavaScript. */

/** A broker of the cluster. */
export interface Broker {
  readonly id: number;
  /** `host:port`; null while the broker is down. */
  readonly address: string | null;
  /** Null if the user may not ask. */
  readonly controller: boolean | null;
}

/** A partition of the topic. */
export interface Partition {
  readonly partition: number;
  /** Id of a broker; null while there is no leader. */
  readonly leader: number | null;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
  /** Offset of the first record that is still there; null if unknown. */
  readonly first: number | null;
  /** Offset of the next record to be written; null if unknown. */
  readonly next: number | null;
  /** Offsets per second over the last seconds. */
  readonly rate: number;
}

/** A member of a group. */
export interface Member {
  readonly memberId: string;
  /** The client id, and the end of the member id: many members share a client id. */
  readonly name: string;
  readonly host: string;
  /** Partitions of the topic that it reads. */
  readonly partitions: readonly number[];
}

/** What a group has committed for a partition of the topic. */
export interface Committed {
  readonly partition: number;
  readonly offset: number;
  /** Null if the end of the partition is unknown. */
  readonly lag: number | null;
}

/** A consumer group that reads the topic. */
export interface Group {
  readonly groupId: string;
  /** `Stable`, `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Dead`. */
  readonly state: string;
  readonly members: readonly Member[];
  readonly committed: readonly Committed[];
}

/** The topic and who serves and reads it; times in ms since the epoch. */
export interface State {
  readonly now: number;
  /** Since when Kafka does not answer; null while it does. */
  readonly awaySince: number | null;
  readonly topic: string;
  /** Null while the topic does not exist. */
  readonly topicId: string | null;
  readonly brokers: readonly Broker[];
  readonly partitions: readonly Partition[];
  readonly groups: readonly Group[];
  /** The producers whose position is attached to the topic. */
  readonly producers: readonly string[];
  /** Partitions and groups beyond the bounds, which are left out. */
  readonly hidden: { readonly partitions: number; readonly groups: number };
  /** What the user has no permission to see. */
  readonly withheld: readonly string[];
}

/** Something that happened, in words. */
export interface Happening {
  /** ms since the epoch. */
  readonly time: number;
  readonly tone: "good" | "warn" | "bad" | "idle";
  readonly text: string;
}

/** The lag of a group on a partition over the last minutes, oldest first. */
export interface LagSeries {
  readonly groupId: string;
  readonly partition: number;
  /** Times in ms since the epoch, and records. */
  readonly points: readonly (readonly [time: number, lag: number])[];
}

/** All that a view needs to begin; replaces what it has. */
export interface ClusterSnapshot {
  readonly type: "snapshot";
  readonly state: State;
  /** Newest first. */
  readonly happenings: readonly Happening[];
  readonly lags: readonly LagSeries[];
}

/** What is new since the message before. */
export interface ClusterFrame {
  readonly type: "frame";
  readonly state: State;
  /** Newest first. */
  readonly happenings: readonly Happening[];
}

export type ClusterMessage = ClusterSnapshot | ClusterFrame;
