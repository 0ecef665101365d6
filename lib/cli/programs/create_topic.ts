import { getLogger } from "@logtape/logtape";
import { formatDuration } from "../../shared/duration.ts";
import { UserError } from "../../shared/error.ts";
import type { Admin } from "../../kafka/client/kafkajs.ts";
import { alterTopic, topicDrift, type TopicWish } from "../../kafka/admin/topic_diff.ts";
import {
  createTopics,
  describeTopic,
  topicConfigs,
  type TopicState,
} from "../../kafka/admin/topics.ts";
import { writeOutput } from "../../terminal/output.ts";

/** What a topic gets where nothing is wished. */
export const DEFAULT_PARTITIONS = 3;
export const DEFAULT_REPLICATION_FACTOR = 1;

const logger = getLogger(["wikitap", "topic"]);

/**
 * Makes a topic, or compares the one that exists with what is wished; prints what there is then.
 *
 * @param alter Changes it where it differs.
 * @throws {UserError} where it differs and is not, or cannot be, changed.
 */
export async function makeTopic(
  admin: Admin,
  topic: string,
  wish: TopicWish,
  { alter }: { readonly alter: boolean },
): Promise<void> {
  if (await createIfMissing(admin, topic, wish)) {
    await report(admin, topic, wish, `Created the topic '${topic}'`);
    await warnOfRetention(admin, topic);
  } else await compare(admin, topic, wish, alter);
}

async function createIfMissing(admin: Admin, topic: string, wish: TopicWish): Promise<boolean> {
  if (await describeTopic(admin, topic) !== undefined) return false;
  const { partitions = DEFAULT_PARTITIONS, replicationFactor = DEFAULT_REPLICATION_FACTOR } = wish;
  return await createTopics(admin, [
    { topic, partitions, replicationFactor, configs: wish.configs },
  ]);
}

/** Tells, or ends, the differences of a topic that exists. */
async function compare(
  admin: Admin,
  topic: string,
  wish: TopicWish,
  alter: boolean,
): Promise<void> {
  const state = await describeTopic(admin, topic);
  if (state === undefined) throw new UserError(`The topic '${topic}' was deleted just now`);
  const configs = await topicConfigs(admin, topic, { names: [...wish.configs.keys()] });
  const drifts = topicDrift(wish, state, configs);
  if (drifts.length === 0) {
    await report(admin, topic, wish, `The topic '${topic}' already exists`);
  } else if (alter) {
    await alterTopic(admin, topic, drifts);
    const changes = drifts.map(({ what, found, wanted }) =>
      `changed: ${what} ${found} → ${wanted}`
    );
    await report(admin, topic, wish, `Changed the topic '${topic}'`, changes);
    if (drifts.some(({ what }) => what === "partitions")) {
      logger.warn("From now on, edits of a page may go to another partition than before");
    }
  } else {
    const differences = drifts.map(({ what, found, wanted }) =>
      `differs: ${what} ${found}, asked for ${wanted}`
    );
    const headline = `The topic '${topic}' already exists, and differs`;
    await report(admin, topic, wish, headline, differences);
    throw new UserError(`The topic '${topic}' is not as it is asked for`, {
      hint: drifts.every(({ canAlter }) => canAlter)
        ? "--alter changes it"
        : "Kafka cannot change all of this in place; another topic can be made with --topic",
    });
  }
}

/** Prints a headline, the topic as it is, and remarks. */
async function report(
  admin: Admin,
  topic: string,
  wish: TopicWish,
  headline: string,
  remarks: readonly string[] = [],
): Promise<void> {
  const state = await describeTopic(admin, topic);
  if (state === undefined) return;
  const names = new Set(["cleanup.policy", "retention.ms", ...wish.configs.keys()]);
  const configs = await topicConfigs(admin, topic, { names: [...names] });
  writeOutput(topicText(headline, state, configs, remarks));
}

/** Old edits that are deleted at the next check look as if they had been lost. */
async function warnOfRetention(admin: Admin, topic: string): Promise<void> {
  const configs = await topicConfigs(admin, topic, { names: ["cleanup.policy", "retention.ms"] });
  const retention = Number(configs.get("retention.ms"));
  if (!(retention > 0) || !configs.get("cleanup.policy")?.includes("delete")) return;
  logger.info(
    "Kafka deletes edits older than {retention}, by the time of the edit: a back-fill of older ones needs a longer --retention",
    { retention: formatDuration(retention) },
  );
}

/** A topic as it is, for people, between a headline and remarks. */
export function topicText(
  headline: string,
  state: TopicState,
  configs: ReadonlyMap<string, string>,
  remarks: readonly string[],
): string {
  const rows: [string, string][] = [
    ["partitions", String(state.partitions)],
    ["replication factor", String(state.replicationFactor)],
    ...[...configs].map(([name, value]): [string, string] => [name, readable(name, value)]),
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  const lines = [
    headline,
    ...rows.map(([name, value]) => `  ${name.padEnd(width)}${value}`),
    ...remarks,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function readable(name: string, value: string): string {
  const ms = Number(value);
  if (name !== "retention.ms" || !Number.isFinite(ms)) return value;
  return `${value} (${ms < 0 ? "kept for ever" : formatDuration(ms)})`;
}
