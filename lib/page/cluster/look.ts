import { viewGroups } from "../../kafka/inspect/groups.ts";
import type { Inspector } from "../../kafka/inspect/inspector.ts";
import type { GroupView } from "../../kafka/inspect/view.ts";
import type { ClusterMetadata } from "../../kafka/requests/answers.ts";
import { partitionKey } from "../../kafka/topic_partition.ts";
import { type FoundOffset, OffsetSpec } from "../../kafka/requests/offsets.ts";
import { Rate } from "../../shared/rate.ts";
import type { Broker, Group, Partition, State } from "./wire.ts";

/** The maximum partitions, groups, and members of a group in a view; the rest becomes a number. */
const MAX_PARTITIONS = 200;
const MAX_GROUPS = 20;
const MAX_MEMBERS = 50;

/**
 * The number of states between two requests for facts that seldom change: first offsets,
 * controller.
 */
const SELDOM = 10;

/**
 * How long a group that no broker lists is kept, in ms. A new coordinator takes some seconds
 * to load the groups of one that died.
 */
const GROUP_GRACE = 10_000;

/** Reads the state of one topic, its brokers and its groups, repeatedly. */
export class ClusterLooker {
  readonly #topic: string;
  readonly #rates = new Map<number, Rate>();
  #looks = 0;
  #first = new Map<string, FoundOffset>();
  #controller: number | undefined;
  #metadata: ClusterMetadata | undefined;
  #ends = new Map<string, FoundOffset>();
  /** Groups by id, with the time at which they were last seen. */
  readonly #groups = new Map<string, { readonly group: GroupView; readonly seen: number }>();

  /** Creates it for a topic, which need not exist. */
  constructor(topic: string) {
    this.#topic = topic;
  }

  /** Reads the state of brokers and partitions: one request, and one to each leader. */
  async lookAtTopic(inspector: Inspector, now: number): Promise<State> {
    const metadata = await inspector.metadata([this.#topic]);
    if (this.#looks++ % SELDOM === 0) {
      [this.#first, this.#controller] = await Promise.all([
        inspector.offsets(metadata, OffsetSpec.earliest),
        inspector.controllerId(metadata),
      ]);
    }
    const ends = await inspector.offsets(metadata, OffsetSpec.latest);
    const isSame = metadata.topics[0]?.topicId === this.#metadata?.topics[0]?.topicId;
    // The last known end of a partition without a leader is kept.
    this.#ends = isSame ? new Map([...this.#ends, ...ends]) : ends;
    this.#metadata = metadata;
    return this.#state(metadata, now, [...inspector.withheld]);
  }

  /** Reads the state of the groups: at most three requests to each broker. */
  async lookAtGroups(inspector: Inspector, now: number): Promise<void> {
    const topic = this.#metadata?.topics[0];
    if (this.#metadata === undefined || topic === undefined) return;
    const partitions = topic.partitions.map(({ partition }) => ({ topic: this.#topic, partition }));
    const { brokers } = this.#metadata;
    const focus = { brokers, partitions, ends: this.#ends };
    for (const group of await viewGroups(inspector, undefined, focus)) {
      this.#groups.set(group.groupId, { group, seen: now });
    }
    for (const [groupId, { seen }] of this.#groups) {
      if (seen < now - GROUP_GRACE) this.#groups.delete(groupId);
    }
  }

  #state(metadata: ClusterMetadata, now: number, withheld: readonly string[]): State {
    const [topic] = metadata.topics.filter(({ errorCode }) => errorCode === 0);
    const all = topic?.partitions ?? [];
    const partitions = all.slice(0, MAX_PARTITIONS).map((state): Partition => {
      const key = partitionKey({ topic: this.#topic, partition: state.partition });
      const next = this.#ends.get(key)?.offset ?? null;
      return {
        partition: state.partition,
        leader: state.leader < 0 ? null : state.leader,
        replicas: state.replicas,
        inSync: state.inSync,
        first: this.#first.get(key)?.offset ?? null,
        next,
        rate: this.#rate(state.partition, next, now),
      };
    });
    const groups = [...this.#groups.values()].map(({ group }) => group);
    const readers = groups.filter(({ position }) => !position)
      .map((group) => groupOf(group, this.#topic))
      .filter(({ members, committed }) => members.length + committed.length > 0)
      // Groups without commits come last: they belong to readers that leave no trace.
      .sort((a, b) => Number(b.committed.length > 0) - Number(a.committed.length > 0));
    return {
      now,
      awaySince: null,
      topic: this.#topic,
      topicId: topic?.topicId ?? null,
      brokers: brokersOf(metadata, this.#controller),
      partitions,
      groups: readers.slice(0, MAX_GROUPS),
      producers: groups.filter(({ position, partitions }) =>
        position && partitions.some(({ topic }) => topic === this.#topic)
      ).map(({ groupId }) => groupId).slice(0, MAX_GROUPS),
      hidden: {
        partitions: all.length - partitions.length,
        groups: Math.max(0, readers.length - MAX_GROUPS),
      },
      withheld,
    };
  }

  /** Returns the offsets per second. A partition without an end begins again. */
  #rate(partition: number, next: number | null, now: number): number {
    const rate = this.#rates.get(partition) ?? new Rate();
    if (next === null) this.#rates.delete(partition);
    else this.#rates.set(partition, rate);
    return next === null ? 0 : rate.next(next, now);
  }
}

function brokersOf({ brokers, topics }: ClusterMetadata, controller: number | undefined): Broker[] {
  const live = new Map(brokers.map((broker) => [broker.id, broker]));
  const replicas = topics.flatMap(({ partitions }) =>
    partitions.flatMap(({ replicas }) => replicas)
  );
  return [...new Set([...live.keys(), ...replicas])].sort((a, b) => a - b).map((id) => {
    const broker = live.get(id);
    return {
      id,
      address: broker === undefined ? null : `${broker.host}:${broker.port}`,
      controller: controller === undefined ? null : controller === id,
    };
  });
}

function groupOf(
  { groupId, temporaryOf, state, members, partitions }: GroupView,
  topic: string,
): Group {
  const ours = partitions.filter((one) => one.topic === topic);
  const reads = Map.groupBy(ours, ({ memberId }) => memberId);
  // If a group reads other topics too, only the members that read this one are shown.
  const isShared = partitions.length > ours.length;
  return {
    groupId,
    name: temporaryOf === null ? groupId : `${temporaryOf} (temporary)`,
    state,
    members: members.map(({ memberId, clientId, host }) => ({
      memberId,
      name: `${clientId}-${memberId.slice(-4)}`,
      host,
      partitions: (reads.get(memberId) ?? []).map(({ partition }) => partition),
    })).filter(({ partitions }) => partitions.length > 0 || ours.length > 0 && !isShared)
      .slice(0, MAX_MEMBERS),
    committed: ours.flatMap(({ partition, committedOffset, lag }) =>
      committedOffset === null ? [] : [{ partition, offset: committedOffset, lag }]
    ),
  };
}
