import { UserError } from "../../shared/error.ts";
import { untilTrue } from "../../shared/retry.ts";
import { type Admin, ConfigResourceTypes } from "../client/kafkajs.ts";
import { describeTopic, topicConfigs, type TopicState } from "./topics.ts";

/** What somebody asks of a topic; what is `undefined` is not asked. */
export interface TopicWish {
  readonly partitions?: number | undefined;
  readonly replicationFactor?: number | undefined;
  readonly configs: ReadonlyMap<string, string>;
}

/** One point in which a topic is not as it is asked for. */
export interface Drift {
  /** `partitions`, `replication factor` or the name of a setting. */
  readonly what: string;
  readonly found: string;
  readonly wanted: string;
  /** Whether Kafka can change it in place. */
  readonly canAlter: boolean;
}

/**
 * The points in which a topic differs from what is asked.
 *
 * @param configs The settings of the topic, at least those that are asked for and exist.
 */
export function topicDrift(
  wish: TopicWish,
  state: TopicState,
  configs: ReadonlyMap<string, string>,
): Drift[] {
  const drifts: Drift[] = [];
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
 * Changes the topic so that the drifts are gone; nothing is changed where one of them can't be.
 *
 * @throws {UserError} for fewer partitions or another replication factor.
 */
export async function alterTopic(
  admin: Admin,
  topic: string,
  drifts: readonly Drift[],
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

/** For the brokers to learn of a change. */
const SETTLING = { firstWaitMs: 100, limitMs: 5000 };

/** Waits for the brokers: the controller agrees first, and a broker may still have the old state. */
async function untilAltered(admin: Admin, topic: string, drifts: readonly Drift[]): Promise<void> {
  const names = drifts.map(({ what }) => what).filter((what) => what !== "partitions");
  await untilTrue(async () => {
    const partitions = String((await describeTopic(admin, topic))?.partitions);
    const configs = names.length === 0 ? new Map() : await topicConfigs(admin, topic, { names });
    const found = new Map([["partitions", partitions], ...configs]);
    return drifts.every(({ what, wanted }) => found.get(what) === wanted);
  }, SETTLING);
}

function cannotAlter(topic: string, { what, found, wanted }: Drift): UserError {
  return new UserError(
    `Cannot change ${what} of the topic '${topic}' from ${found} to ${wanted}`,
    {
      hint: what === "partitions"
        ? "Kafka never removes partitions: make another topic"
        : "Kafka moves replicas by its own tool, kafka-reassign-partitions.sh",
    },
  );
}

/** kafkajs only has the request that replaces all settings of a topic, so its own ones go along. */
async function alterConfigs(admin: Admin, topic: string, drifts: readonly Drift[]): Promise<void> {
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
