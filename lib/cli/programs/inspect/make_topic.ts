import { topicSettings } from "../../../kafka/admin/topic_settings.ts";
import { getLogger } from "@logtape/logtape";
import { formatDuration } from "../../../shared/duration.ts";
import { UserError } from "../../../shared/error.ts";
import type { Admin } from "../../../kafka/admin/with_admin.ts";
import {
  alterTopic,
  type DesiredTopic,
  topicDifferences,
} from "../../../kafka/admin/topic_diff.ts";
import {
  createTopics,
  describeTopic,
  topicConfigs,
  type TopicState,
} from "../../../kafka/admin/topics.ts";
import { writeOutput } from "../../../terminal/output.ts";

/** Partitions of a new topic if none are requested. */
export const DEFAULT_PARTITIONS = 3;
/** Replication factor of a new topic if none is requested. */
export const DEFAULT_REPLICATION_FACTOR = 1;

const logger = getLogger(["wikitap", "topic"]);

/**
 * Creates a topic, or compares an existing one with the request. Prints the resulting topic.
 *
 * @param alter Whether to change the topic if it differs.
 * @throws {UserError} if the topic differs and is not, or cannot be, changed.
 */
export async function makeTopic(
  admin: Admin,
  topic: string,
  wish: DesiredTopic,
  { alter }: { readonly alter: boolean },
): Promise<void> {
  if (await createIfMissing(admin, topic, wish)) {
    await report(admin, topic, wish, `Created the topic '${topic}'`);
    await warnOfRetention(admin, topic);
  } else await compare(admin, topic, wish, alter);
}

async function createIfMissing(admin: Admin, topic: string, wish: DesiredTopic): Promise<boolean> {
  if (await describeTopic(admin, topic) !== undefined) return false;
  const { partitions = DEFAULT_PARTITIONS, replicationFactor = DEFAULT_REPLICATION_FACTOR } = wish;
  return await createTopics(admin, [
    { topic, partitions, replicationFactor, configs: wish.configs },
  ]);
}

/** Reports the differences of an existing topic, or removes them. */
async function compare(
  admin: Admin,
  topic: string,
  wish: DesiredTopic,
  alter: boolean,
): Promise<void> {
  const state = await describeTopic(admin, topic);
  if (state === undefined) {
    throw new UserError(`Cannot compare the topic '${topic}': it was deleted meanwhile`);
  }
  const configs = await topicConfigs(admin, topic, { names: [...wish.configs.keys()] });
  const drifts = topicDifferences(wish, state, configs);
  if (drifts.length === 0) {
    await report(admin, topic, wish, `The topic '${topic}' already exists`);
  } else if (alter) {
    await alterTopic(admin, topic, drifts);
    const changes = drifts.map(({ what, found, wanted }) =>
      `changed: ${what} ${found} → ${wanted}`
    );
    await report(admin, topic, wish, `Changed the topic '${topic}'`, changes);
    if (drifts.some(({ what }) => what === "partitions")) {
      logger.warn("New edits of a page may now go to a different partition from its earlier edits");
    }
  } else {
    const differences = drifts.map(({ what, found, wanted }) =>
      `differs: ${what} ${found}, requested ${wanted}`
    );
    const headline = `The topic '${topic}' already exists, with different settings`;
    await report(admin, topic, wish, headline, differences);
    throw new UserError(`Cannot create the topic '${topic}': it exists with different settings`, {
      hint: drifts.every(({ canAlter }) => canAlter)
        ? "Use --alter to change it"
        : "Use another --topic: Kafka cannot change all of these settings",
    });
  }
}

/** Prints a headline, the current topic, and remarks. */
async function report(
  admin: Admin,
  topic: string,
  wish: DesiredTopic,
  headline: string,
  remarks: readonly string[] = [],
): Promise<void> {
  const state = await describeTopic(admin, topic);
  if (state === undefined) return;
  const names = new Set(["cleanup.policy", "retention.ms", ...wish.configs.keys()]);
  const configs = await topicConfigs(admin, topic, { names: [...names] });
  writeOutput(createdTopicText(headline, state, configs, remarks));
}

/** Logs the retention. If Kafka deletes old edits at its next check, they seem to be lost. */
async function warnOfRetention(admin: Admin, topic: string): Promise<void> {
  const { retentionMs } = await topicSettings(admin, topic);
  if (retentionMs === Infinity) return;
  logger.info(
    "Kafka deletes edits older than {retention}, by the time of the edit: to back-fill older edits, set a longer --retention",
    { retention: formatDuration(retentionMs) },
  );
}

/** Formats a topic, after a headline and before remarks. */
export function createdTopicText(
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
  return `${value} (${ms < 0 ? "kept forever" : formatDuration(ms)})`;
}
