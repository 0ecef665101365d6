import { UserError } from "../../shared/error.ts";
import { untilTrue } from "../../shared/retry.ts";
import { protocolErrorType } from "../errors/explain.ts";
import { type Admin, ConfigResourceTypes, ConfigSource } from "../client/kafkajs.ts";
import { WITHOUT_LEADER } from "../errors/retry.ts";

/** A topic to create. */
export interface TopicSpec {
  /** The name of the topic. */
  readonly topic: string;
  /** The number of partitions, at least 1. */
  readonly partitions: number;
  /** The number of replicas of each partition, at least 1. */
  readonly replicationFactor: number;
  /** Settings of the topic by name. Default: the cluster's. */
  readonly configs?: ReadonlyMap<string, string>;
}

/** The actual state of a topic. */
export interface TopicState {
  /** The number of partitions. */
  readonly partitions: number;
  /** The number of replicas of the partition with the fewest. */
  readonly replicationFactor: number;
}

/** How long the partitions of a new topic may take to get leaders. */
const LEADERS = { firstWaitMs: 100, limitMs: 30_000 };

/** Describes a topic. Returns `undefined` if none of that name is visible to the user. */
export async function describeTopic(admin: Admin, topic: string): Promise<TopicState | undefined> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const partitions = topics[0]?.partitions ?? [];
    return {
      partitions: partitions.length,
      replicationFactor: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    };
  } catch (error) {
    if (protocolErrorType(error) === "UNKNOWN_TOPIC_OR_PARTITION") return undefined;
    throw error;
  }
}

/**
 * Returns the settings of a topic, in the order of their names. They include those of the cluster
 * that apply to the topic.
 *
 * @param names Default: all.
 * @param only `own`: only settings of the topic itself. Default: all.
 */
export async function topicConfigs(
  admin: Admin,
  topic: string,
  { names, only }: { readonly names?: readonly string[]; readonly only?: "own" } = {},
): Promise<Map<string, string>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{
      type: ConfigResourceTypes.TOPIC,
      name: topic,
      ...names === undefined ? {} : { configNames: [...names] },
    }],
  });
  const entries = resources[0]?.configEntries ?? [];
  return new Map(
    entries
      .filter(({ configSource }) => only !== "own" || configSource === ConfigSource.TOPIC_CONFIG)
      .map(({ configName, configValue }): [string, string] => [configName, configValue])
      .sort(([a], [b]) => a < b ? -1 : 1),
  );
}

/**
 * Creates the topics that do not exist yet, and waits at most 30 s until all have leaders.
 *
 * @returns Whether all of them are new.
 * @throws {UserError} if the replication factor is larger than the number of brokers, or if a
 * partition gets no leader. Other errors of kafkajs are thrown unchanged.
 */
export async function createTopics(admin: Admin, specs: readonly TopicSpec[]): Promise<boolean> {
  let allNew: boolean;
  try {
    allNew = await admin.createTopics({
      waitForLeaders: false,
      topics: specs.map(({ topic, partitions, replicationFactor, configs = new Map() }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor,
        configEntries: [...configs].map(([name, value]) => ({ name, value })),
      })),
    });
  } catch (error) {
    if (protocolErrorType(error) !== "INVALID_REPLICATION_FACTOR") throw error;
    throw tooFewBrokers((await admin.describeCluster()).brokers.length, specs, error);
  }
  await waitForLeaders(admin, specs.map(({ topic }) => topic));
  return allNew;
}

function tooFewBrokers(brokers: number, specs: readonly TopicSpec[], cause: unknown): UserError {
  const wanted = Math.max(...specs.map(({ replicationFactor }) => replicationFactor));
  return new UserError(
    `Cannot keep ${wanted} replicas of each partition: the cluster has ${brokers} ${
      brokers === 1 ? "broker" : "brokers"
    }`,
    { hint: `Set --replication-factor to at most ${brokers}, or start more brokers`, cause },
  );
}

/**
 * Waits, for at most 30 s, until each partition of `topics` has a leader and accepts records.
 *
 * @throws {UserError} if that takes longer. Other failures are thrown unchanged.
 */
async function waitForLeaders(admin: Admin, topics: readonly string[]): Promise<void> {
  if (await untilTrue(() => haveLeaders(admin, topics), LEADERS)) return;
  throw new UserError(
    `Cannot use a new topic: a partition has no leader after ${LEADERS.limitMs / 1000} s`,
    { hint: "Start the brokers that are down" },
  );
}

/** Asks the leaders themselves: metadata names a leader a moment before that broker knows it. */
async function haveLeaders(admin: Admin, topics: readonly string[]): Promise<boolean> {
  try {
    for (const topic of topics) await admin.fetchTopicOffsets(topic);
    return true;
  } catch (error) {
    const type = protocolErrorType(error);
    // A broker may not know a new topic yet.
    if (WITHOUT_LEADER.has(type) || type === "UNKNOWN_TOPIC_OR_PARTITION") return false;
    throw error;
  }
}

/** Counts the partitions of each of `topics`. Topics that do not exist are not in the map. */
export async function partitionCounts(
  admin: Admin,
  topics: readonly string[],
): Promise<Map<string, number>> {
  try {
    return await countPartitions(admin, topics);
  } catch (error) {
    if (protocolErrorType(error) !== "UNKNOWN_TOPIC_OR_PARTITION") throw error;
    const existing = new Set(await admin.listTopics());
    return await countPartitions(admin, topics.filter((topic) => existing.has(topic)));
  }
}

async function countPartitions(
  admin: Admin,
  topics: readonly string[],
): Promise<Map<string, number>> {
  // An empty list would mean all topics of the cluster.
  if (topics.length === 0) return new Map();
  const metadata = await admin.fetchTopicMetadata({ topics: [...topics] });
  return new Map(metadata.topics.map(({ name, partitions }) => [name, partitions.length]));
}
