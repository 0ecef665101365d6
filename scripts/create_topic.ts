/**
 * Creates a topic, or says how the one that exists differs from what is asked for.
 *
 *     deno task create-topic --topic wikipedia-events --partitions 3
 */
import { getLogger } from "@logtape/logtape";
import { clusterConfig, kafkaOptions, topicOption } from "../lib/cli/kafka_options.ts";
import { flag, option, type OptionGroup, type Values } from "../lib/cli/option.ts";
import { program, runMain } from "../lib/cli/program.ts";
import { integer, positiveDuration } from "../lib/cli/values.ts";
import { formatDuration } from "../lib/duration.ts";
import { UsageError, UserError } from "../lib/error.ts";
import { withAdmin } from "../lib/kafka/admin.ts";
import { openCluster } from "../lib/kafka/cluster.ts";
import type { Admin } from "../lib/kafka/kafkajs.ts";
import { alterTopic, topicDrift, type TopicWish } from "../lib/kafka/topic_drift.ts";
import { createTopics, describeTopic, topicConfigs, type TopicState } from "../lib/kafka/topics.ts";
import { writeOutput } from "../lib/terminal/output.ts";

const logger = getLogger(["wikitap", "topic"]);

const DEFAULT_PARTITIONS = 3;
const DEFAULT_REPLICATION_FACTOR = 1;

const topicOptions = {
  title: "Topic",
  options: {
    topic: topicOption,
    partitions: option({
      placeholder: "N",
      help: "How many consumers of a group can share the topic.",
      parse: integer(1, 100_000),
      defaultText: String(DEFAULT_PARTITIONS),
    }),
    replicationFactor: option({
      placeholder: "N",
      help: "On how many brokers each partition is kept.",
      parse: integer(1, 100),
      defaultText: String(DEFAULT_REPLICATION_FACTOR),
    }),
    retention: option({
      placeholder: "DURATION",
      help: "How old an edit may get before Kafka deletes it.",
      parse: positiveDuration,
      defaultText: "the cluster's, 7d in most",
    }),
    config: option({
      placeholder: "KEY=VALUE",
      help: "A setting of the topic, as Kafka calls it: cleanup.policy=compact.",
      parse: parseConfigs,
      repeatable: true,
    }),
    alter: flag(
      "Change a topic that exists: add partitions, set what --retention and --config say.",
    ),
  },
} satisfies OptionGroup;

export const main = program({
  usage: "deno task create-topic",
  summary: "Creates a topic. Safe to repeat: a topic that exists is compared with what is asked " +
    "for, each difference is told, and nothing is changed without --alter.",
  examples: [
    ["deno task create-topic", "The topic that all programs use by default"],
    [
      "deno task create-topic --topic edits --partitions 6 --retention 30d",
      "Edits are kept for 30 days, and up to six consumers share them",
    ],
    ["deno task create-topic --topic edits --partitions 12 --alter", "More partitions, later"],
  ],
  groups: [kafkaOptions, topicOptions],
  run: async (options) => {
    const { topic } = options;
    const wish = topicWish(options);
    const cluster = openCluster(clusterConfig(options));
    const attempt = {
      doing: `${options.alter ? "create or change" : "create"} the topic '${topic}'`,
      topic,
      rights: ["Create", "Describe", "DescribeConfigs", ...options.alter ? ALTER_RIGHTS : []],
    };
    await withAdmin(cluster, attempt, async (admin) => {
      if (await createIfMissing(admin, topic, wish)) {
        await report(admin, topic, wish, `Created the topic '${topic}'`);
        await warnOfRetention(admin, topic);
      } else await compare(admin, topic, wish, options.alter);
    });
  },
});

const ALTER_RIGHTS = ["Alter", "AlterConfigs"];

/** What is asked of the topic, as far as it was said. */
function topicWish(
  options: Values<Omit<typeof topicOptions.options, "topic" | "alter">>,
): TopicWish {
  const { partitions, replicationFactor, retention } = options;
  const configs = new Map(options.config);
  if (retention !== undefined) {
    if (configs.has("retention.ms")) {
      throw new UsageError("--retention and --config retention.ms are the same: give one of them");
    }
    configs.set("retention.ms", String(retention));
  }
  return { partitions, replicationFactor, configs };
}

function parseConfigs(text: string): ReadonlyMap<string, string> {
  const configs = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, key, value] = /^([a-z][a-z.]*)=(.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) {
      throw new Error("expected KEY=VALUE, with a topic setting of Kafka as KEY");
    }
    if (configs.has(key)) throw new Error(`'${key}' is given twice`);
    configs.set(key, value);
  }
  return configs;
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
  writeOutput(reportText(headline, state, configs, remarks));
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

/** See {@linkcode report}. */
function reportText(
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

if (import.meta.main) await runMain(main);
