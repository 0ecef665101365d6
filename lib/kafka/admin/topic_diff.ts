import { UserError } from "../../shared/error.ts";
import { untilTrue } from "../../shared/retry.ts";
import { type Admin, ConfigResourceTypes } from "../client/kafkajs.ts";
import { describeTopic, topicConfigs, type TopicState } from "./topics.ts";

/** The requested state of a topic. */
export interface DesiredTopic {
  /** Default: the number that the topic has. */
  readonly partitions?: number | undefined;
  /** Default: the factor that the topic has. */
  readonly replicationFactor?: number | undefined;
  /** Settings of the topic by name. */
  readonly configs: ReadonlyMap<string, string>;
}

/** One difference between a topic and its requested state. */
export interface TopicDifference {
  /** `partitions`, `replication factor` or the name of a setting. */
  readonly what: string;
  /** The value that the topic has. */
  readonly found: string;
  /** The value that was requested. */
  readonly wanted: string;
  /** Whether Kafka can change it in an existing topic. */
  readonly canAlter: boolean;
}

/**
 * Lists the differences between a topic and its requested state.
 *
 * @param configs The settings of the topic, at least those that are requested and exist.
 */
export function topicDifferences(
  wish: DesiredTopic,
  state: TopicState,
  configs: ReadonlyMap<string, string>,
): TopicDifference[] {
  const drifts: TopicDifference[] = [];
  const compare = (what: string, found: string, wanted: string, canAlter: boolean) => {
    if (found !== wanted) drifts.push({ what, found, wanted, canAlter });
  };
  const { partitions = state.partitions, replicationFactor = state.replicationFactor } = wish;
  compare(
    "partitions",
    String(state.partitions),
    String(partitions),
    partitions > state.partitions,
  );
  compare("replication factor", String(state.replicationFactor), String(replicationFactor), false);
  for (const [name, wanted] of wish.configs) {
    compare(name, configs.get(name) ?? "(unknown)", wanted, true);
  }
  return drifts;
}

/**
 * Changes the topic to its requested state, and waits at most 5 s until the brokers confirm it.
 * Changes nothing if one of the differences cannot be changed.
 *
 * @throws {UserError} for fewer partitions or another replication factor.
 */
export async function alterTopic(
  admin: Admin,
  topic: string,
  drifts: readonly TopicDifference[],
): Promise<void> {
  const fixed = drifts.find(({ canAlter }) => !canAlter);
  if (fixed !== undefined) throw cannotAlter(topic, fixed);
  const partitions = drifts.find(({ what }) => what === "partitions");
  const configs = drifts.filter(({ what }) => what !== "partitions");
  if (configs.length > 0) await alterConfigs(admin, topic, configs);
  if (partitions !== undefined) {
    const count = Number(partitions.wanted);
    await admin.createPartitions({ topicPartitions: [{ topic, count }] });
  }
  await untilAltered(admin, topic, drifts);
}

/** How long the brokers may take to apply a change. */
const SETTLING = { firstWaitMs: 100, limitMs: 5000 };

/** Waits for all brokers: after the controller confirms, a broker may still have the old state. */
async function untilAltered(
  admin: Admin,
  topic: string,
  drifts: readonly TopicDifference[],
): Promise<void> {
  const names = drifts.map(({ what }) => what).filter((what) => what !== "partitions");
  await untilTrue(async () => {
    const partitions = String((await describeTopic(admin, topic))?.partitions);
    const configs = names.length === 0 ? new Map() : await topicConfigs(admin, topic, { names });
    const found = new Map([["partitions", partitions], ...configs]);
    return drifts.every(({ what, wanted }) => found.get(what) === wanted);
  }, SETTLING);
}

function cannotAlter(topic: string, { what, found, wanted }: TopicDifference): UserError {
  return new UserError(
    `Cannot change ${what} of the topic '${topic}' from ${found} to ${wanted}`,
    {
      hint: what === "partitions"
        ? "Create another topic: Kafka never removes partitions"
        : "Change its replicas with Kafka's own tool, kafka-reassign-partitions.sh",
    },
  );
}

/** Sends all settings of the topic: kafkajs only has the request that replaces all of them. */
async function alterConfigs(
  admin: Admin,
  topic: string,
  drifts: readonly TopicDifference[],
): Promise<void> {
  const own = await topicConfigs(admin, topic, { only: "own" });
  for (const { what, wanted } of drifts) own.set(what, wanted);
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{
      type: ConfigResourceTypes.TOPIC,
      name: topic,
      configEntries: [...own].map(([name, value]) => ({ name, value })),
    }],
  });
}
