import type { ClusterMetadata, PartitionState, TopicMetadata } from "../requests/answers.ts";
import { partitionKey } from "../topic_partition.ts";
import { OffsetSpec } from "../requests/offsets.ts";
import type { Inspector } from "./inspector.ts";
import { type BrokerView, type PartitionView, TOPIC_SETTINGS, type TopicView } from "./view.ts";

/** The facts to request beyond brokers, leaders and offsets. Each costs requests. */
export interface Details {
  /** Settings of the topics: one request. */
  readonly configs?: boolean;
  /** Sizes on disk: one request per broker. */
  readonly sizes?: boolean;
  /** Times of the last records: one request per leader. */
  readonly timestamps?: boolean;
}

/** The brokers and topics of a cluster. */
export interface ClusterView {
  /** Kafka's id of the cluster. */
  readonly clusterId: string | null;
  /** The brokers by ascending id. */
  readonly brokers: readonly BrokerView[];
  /** The topics by name. */
  readonly topics: readonly TopicView[];
}

/**
 * Returns brokers and topics.
 *
 * @param names Default: all topics that the user may describe. Topics that do not exist are left
 * out.
 * @throws {UserError} if the user may not describe one of `names`.
 */
export async function viewCluster(
  inspector: Inspector,
  names: readonly string[] | undefined,
  details: Details = {},
): Promise<ClusterView> {
  const metadata = await inspector.metadata(names);
  for (const { topic, errorCode } of metadata.topics) inspector.checkAllowed(errorCode, { topic });
  const topics = metadata.topics.filter(({ errorCode }) => errorCode === 0);
  const [first, next, last, sizes, configs, controller] = await Promise.all([
    inspector.offsets(metadata, OffsetSpec.earliest),
    inspector.offsets(metadata, OffsetSpec.latest),
    details.timestamps ? inspector.offsets(metadata, OffsetSpec.maxTimestamp) : undefined,
    details.sizes ? inspector.sizes(metadata) : undefined,
    details.configs ? inspector.configs(topics.map(({ topic }) => topic)) : undefined,
    inspector.controllerId(metadata),
  ]);
  const views = topics.map((topic) => {
    const partitions = topic.partitions.map((state): PartitionView => {
      const key = partitionKey({ topic: topic.topic, partition: state.partition });
      const timestamp = last?.get(key)?.timestamp ?? -1;
      return {
        partition: state.partition,
        leader: state.leader < 0 ? null : state.leader,
        replicas: state.replicas,
        inSync: state.inSync,
        underReplicated: state.inSync.length < state.replicas.length,
        firstOffset: first.get(key)?.offset ?? null,
        nextOffset: next.get(key)?.offset ?? null,
        lastTimestamp: timestamp < 0 ? null : timestamp,
        bytes: sizes?.get(state.leader)?.get(key) ?? null,
      };
    });
    return topicView(topic, partitions, configs?.get(topic.topic));
  });
  return {
    clusterId: metadata.clusterId,
    brokers: brokerViews(metadata, controller, sizes),
    topics: views.sort((a, b) => a.topic < b.topic ? -1 : 1),
  };
}

function topicView(
  { topic, topicId, isInternal }: TopicMetadata,
  partitions: readonly PartitionView[],
  configs: ReadonlyMap<string, string | null> | undefined,
): TopicView {
  const entries = TOPIC_SETTINGS.map((name) => [name, configs?.get(name) ?? null] as const);
  return {
    topic,
    topicId,
    internal: isInternal,
    replicationFactor: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    records: sum(
      partitions.map(({ firstOffset, nextOffset }) =>
        firstOffset === null || nextOffset === null ? null : nextOffset - firstOffset
      ),
    ),
    bytes: sum(partitions.map(({ bytes }) => bytes)),
    configs: configs === undefined ? null : Object.fromEntries(entries),
    partitions,
  };
}

/** Returns the sum; null if one of the values is null. */
function sum(values: readonly (number | null)[]): number | null {
  let total = 0;
  for (const value of values) {
    if (value === null) return null;
    total += value;
  }
  return total;
}

/** Returns the live brokers, and those that only occur as replicas. */
function brokerViews(
  { brokers, topics }: ClusterMetadata,
  controller: number | undefined,
  sizes: ReadonlyMap<number, ReadonlyMap<string, number>> | undefined,
): BrokerView[] {
  const partitions = topics.flatMap(({ partitions }) => partitions);
  const count = (matches: (state: PartitionState) => boolean) => partitions.filter(matches).length;
  const live = new Map(brokers.map((broker) => [broker.id, broker]));
  const ids = new Set([...live.keys(), ...partitions.flatMap(({ replicas }) => replicas)]);
  return [...ids].sort((a, b) => a - b).map((id) => {
    const broker = live.get(id);
    const bytes = sizes?.get(id);
    return {
      id,
      address: broker === undefined ? null : `${broker.host}:${broker.port}`,
      rack: broker?.rack ?? null,
      controller: controller === undefined ? null : id === controller,
      up: broker !== undefined,
      leaders: count(({ leader }) => leader === id),
      replicas: count(({ replicas }) => replicas.includes(id)),
      bytes: bytes === undefined ? null : [...bytes.values()].reduce((sum, one) => sum + one, 0),
    };
  });
}
