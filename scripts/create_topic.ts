/**
 * Creates a topic, or says how the one that exists differs from what is asked for.
 *
 *     deno task create-topic --topic wikipedia-events --partitions 3
 */
import { clusterConfig, kafkaOptions, topicOption } from "../lib/cli/options/kafka.ts";
import { flag, option, type OptionGroup, type Values } from "../lib/cli/option.ts";
import { program, runMain } from "../lib/cli/program.ts";
import {
  DEFAULT_PARTITIONS,
  DEFAULT_REPLICATION_FACTOR,
  makeTopic,
} from "../lib/cli/programs/create_topic.ts";
import { integer, positiveDuration } from "../lib/cli/values.ts";
import { UsageError } from "../lib/shared/error.ts";
import { withAdmin } from "../lib/kafka/admin/with_admin.ts";
import { openCluster } from "../lib/kafka/client/cluster.ts";
import type { TopicWish } from "../lib/kafka/admin/topic_diff.ts";

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
  groups: [topicOptions, kafkaOptions],
  run: async (options) => {
    const { topic } = options;
    const wish = topicWish(options);
    const cluster = openCluster(clusterConfig(options));
    const attempt = {
      doing: `${options.alter ? "create or change" : "create"} the topic '${topic}'`,
      topic,
      rights: ["Create", "Describe", "DescribeConfigs", ...options.alter ? ALTER_RIGHTS : []],
    };
    await withAdmin(cluster, attempt, (admin) => makeTopic(admin, topic, wish, options));
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

if (import.meta.main) await runMain(main);
