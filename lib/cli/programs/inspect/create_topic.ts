import { type Main, program } from "../../program.ts";
import type { DesiredTopic } from "../../../kafka/admin/topic_diff.ts";
import { withAdmin } from "../../../kafka/admin/with_admin.ts";
import { openCluster } from "../../../kafka/client/cluster.ts";
import { UsageError } from "../../../shared/error.ts";
import { clusterConfig } from "../../open/cluster_config.ts";
import { flag, option, type OptionGroup, type Values } from "../../option.ts";
import { kafkaOptions, topicOption } from "../../options/kafka.ts";
import { integer, positiveDuration } from "../../values.ts";
import { DEFAULT_PARTITIONS, DEFAULT_REPLICATION_FACTOR, makeTopic } from "./make_topic.ts";

const topicOptions = {
  title: "Topic",
  options: {
    topic: topicOption,
    partitions: option({
      placeholder: "N",
      help: "Number of partitions: how many consumers of a group can share the topic.",
      parse: integer(1, 100_000),
      defaultText: String(DEFAULT_PARTITIONS),
    }),
    replicationFactor: option({
      placeholder: "N",
      help: "Number of brokers that store each partition.",
      parse: integer(1, 100),
      defaultText: String(DEFAULT_REPLICATION_FACTOR),
    }),
    retention: option({
      placeholder: "DURATION",
      help: "Age of an edit at which Kafka deletes it.",
      parse: positiveDuration,
      defaultText: "the cluster's default, usually 7d",
    }),
    config: option({
      placeholder: "KEY=VALUE",
      help: "Topic setting by its Kafka name: cleanup.policy=compact.",
      parse: parseConfigs,
      repeatable: true,
    }),
    alter: flag("Change an existing topic: add partitions, set --retention and --config."),
  },
} satisfies OptionGroup;

/** Creates a topic. */
export const createTopicMain: Main = program({
  usage: "deno task create-topic",
  summary: "Creates a topic. Safe to repeat: reports how an existing topic differs from the " +
    "options, and changes nothing without --alter.",
  examples: [
    ["deno task create-topic", "The topic that all programs use by default"],
    [
      "deno task create-topic --topic edits --partitions 6 --retention 30d",
      "Keeps edits for 30 days; up to six consumers share them",
    ],
    ["deno task create-topic --topic edits --partitions 12 --alter", "Adds partitions later"],
  ],
  groups: [topicOptions, kafkaOptions],
  run: async (options) => {
    const { topic } = options;
    const wish = topicWish(options);
    const cluster = openCluster(clusterConfig(options));
    const attempt = {
      action: `${options.alter ? "create or change" : "create"} the topic '${topic}'`,
      topic,
      rights: ["Create", "Describe", "DescribeConfigs", ...options.alter ? ALTER_RIGHTS : []],
    };
    await withAdmin(cluster, attempt, (admin) => makeTopic(admin, topic, wish, options));
  },
});

const ALTER_RIGHTS = ["Alter", "AlterConfigs"];

/** Returns the settings that the options request. */
function topicWish(options: Values<typeof topicOptions.options>): DesiredTopic {
  const { partitions, replicationFactor, retention } = options;
  const configs = new Map(options.config);
  if (retention !== undefined) {
    if (configs.has("retention.ms")) {
      throw new UsageError("Cannot combine --retention and --config retention.ms");
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
      throw new Error("expected KEY=VALUE, where KEY is a topic setting of Kafka");
    }
    if (configs.has(key)) throw new Error(`expected '${key}' only once`);
    configs.set(key, value);
  }
  return configs;
}
