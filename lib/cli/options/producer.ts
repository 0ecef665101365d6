import { knownTopics, positionTopic } from "../../edits/routing/route.ts";
import { topicTemplate } from "../../edits/routing/template.ts";
import { UsageError } from "../../shared/error.ts";
import { eventOptions, type EventValues, isRecentChange } from "./events.ts";
import { flag, flagName, option, type OptionGroup, type Values } from "../option.ts";
import type { registryOptions } from "./registry.ts";
import {
  duration,
  groupName,
  httpUrl,
  integer,
  oneOf,
  pastTime,
  positiveDuration,
  time,
  topicName,
  waitingTime,
} from "../values.ts";

/** Where events come from. */
export const upstreamOptions = {
  title: "Stream",
  options: {
    streamUrl: option({
      placeholder: "URL",
      env: "EVENTSTREAMS_URL",
      help: "The stream to read; several of one service are joined by commas.",
      parse: httpUrl,
      default: new URL("https://stream.wikimedia.org/v2/stream/recentchange"),
    }),
    contact: option({
      placeholder: "TEXT",
      env: "WIKITAP_CONTACT",
      help: "A mail address or page of yours for the User-Agent, as Wikimedia's policy asks for.",
      parse: contact,
    }),
    since: option({
      placeholder: "WHEN",
      help: "Where to begin when no position is saved: an ISO date, epoch milliseconds, or an age.",
      parse: (text: string) => pastTime(text),
      defaultText: "now",
    }),
    until: option({
      placeholder: "WHEN",
      help:
        "End a back-fill there: behind the last event of before that time, in upstream's order, which may bring a few of some ms later.",
      parse: (text: string) => time(text),
      defaultText: "no end",
    }),
    idleTimeout: option({
      placeholder: "DURATION",
      help: "Silence after which the connection is given up.",
      parse: waitingTime(positiveDuration),
      defaultText: "60s for recentchange, 10m for other streams",
    }),
  },
} satisfies OptionGroup;

/** Where records go, and how. */
export const producerOptions = {
  title: "Producer",
  options: {
    topic: option({
      placeholder: "NAME",
      alias: ["topic_name"],
      help: "The topic; or a template of topics with {type}, {wiki}, {domain}.",
      parse: topicTemplate,
      default: "wikipedia-events",
    }),
    eventsToProduce: option({
      placeholder: "N",
      alias: ["events_to_produce"],
      help: "End after exactly N records.",
      parse: integer(1, Number.MAX_SAFE_INTEGER),
      defaultText: "no limit",
    }),
    name: option({
      placeholder: "NAME",
      help:
        "Who this producer is: its transactional id, and the group that holds its position. One may run per name.",
      parse: groupName,
      defaultText: "wikitap.<topic>",
    }),
    positionTopic: option({
      placeholder: "NAME",
      help: "The topic to whose partition 0 the position is attached.",
      parse: topicName,
      defaultText: "the topic; for a template, the one with 'position' in its placeholders",
    }),
    delivery: option({
      placeholder: "DELIVERY",
      help:
        "exactly-once, or at-least-once for brokers or rights without transactions: nothing fences a second producer there.",
      parse: oneOf("exactly-once", "at-least-once"),
      default: "exactly-once",
    }),
    batchSize: option({
      placeholder: "N",
      help: "The most records of one batch, which is one transaction.",
      parse: integer(1, 100_000),
      default: 5000,
    }),
    linger: option({
      placeholder: "DURATION",
      help: "How long a batch waits for more records; 0: what gathers while the last is in flight.",
      parse: waitingTime(duration),
      defaultText: "0; 200ms with {wiki} or {domain}",
    }),
    compression: option({
      placeholder: "CODEC",
      help: "none, gzip or zstd.",
      parse: oneOf("none", "gzip", "zstd"),
      default: "none",
    }),
    deadLetterTopic: option({
      placeholder: "NAME",
      help:
        "An existing topic for events and records that are refused, with the reason in headers.",
      parse: topicName,
      defaultText: "refused ones are counted and logged",
    }),
    createTopics: flag(
      "Make topics that do not exist, with --partitions and --replication-factor.",
    ),
    partitions: option({
      placeholder: "N",
      help: "Partitions of a topic that --create-topics makes.",
      parse: integer(1, 10_000),
      default: 3,
    }),
    replicationFactor: option({
      placeholder: "N",
      help: "Replicas of a topic that --create-topics makes.",
      parse: integer(1, 100),
      default: 1,
    }),
    shutdownTimeout: option({
      placeholder: "DURATION",
      help: "How long a stop may take to publish what is in hand.",
      parse: waitingTime(positiveDuration),
      default: 10_000,
    }),
    dryRun: flag(
      "Print what would be published, one JSON object a line, with no Kafka and no position.",
    ),
    showPosition: flag("Print the saved position, and end."),
    resetPosition: flag("Forget the saved position, and end."),
  },
} satisfies OptionGroup;

type ProducerValues = Values<typeof producerOptions.options>;
type RegistryValues = Values<typeof registryOptions.options>;
type UpstreamValues = Values<typeof upstreamOptions.options>;

/** The producer's name, and where its position is kept. */
export function positionPlace(
  { topic, name, positionTopic: given }: Pick<ProducerValues, "topic" | "name" | "positionTopic">,
): { group: string; topic: string } {
  const group = name ?? `wikitap.${topic.replaceAll(/[{}]/g, "")}`;
  return { group, topic: given ?? positionTopic(topic) };
}

/**
 * Refuses what is asked for at the same time and cannot be had.
 *
 * @throws {UsageError} that names the flags.
 */
export function checkProducer(
  values: ProducerValues & UpstreamValues & EventValues & RegistryValues,
): void {
  const asked = (["dryRun", "showPosition", "resetPosition"] as const).filter((key) => values[key]);
  if (asked.length > 1) {
    const flags = asked.map((key) => `--${flagName(key)}`);
    throw new UsageError(`${flags.slice(0, 2).join(" and ")} exclude each other`);
  }
  if ((values.since ?? 0) > (values.until ?? Infinity)) {
    throw new UsageError("--since is later than --until");
  }
  if (values.streamUrl.searchParams.has("since")) {
    throw new UsageError("--stream-url has a 'since' of its own", { hint: "Give --since instead" });
  }
  const { filter = {} } = eventOptions(values, values);
  const { topic, deadLetterTopic } = values;
  if (deadLetterTopic !== undefined && knownTopics(topic, filter)?.includes(deadLetterTopic)) {
    throw new UsageError("--dead-letter-topic and --topic are the same topic");
  }
  if (values.format === "avro" && values.schemaRegistry === undefined && !values.dryRun) {
    throw new UsageError("--format avro needs --schema-registry", {
      hint:
        "Give its URL, or set SCHEMA_REGISTRY_URL. For one on this machine: deno task registry start",
    });
  }
}

/** ms that a batch waits for company. */
export function lingerOf({ linger, topic }: Pick<ProducerValues, "linger" | "topic">): number {
  return linger ?? (/\{(wiki|domain)\}/.test(topic) ? 200 : 0);
}

/** ms of silence that are normal for the stream. */
export function idleTimeoutOf({ idleTimeout, streamUrl }: UpstreamValues): number {
  return idleTimeout ?? (isRecentChange(streamUrl) ? 60_000 : 600_000);
}

/** A header's value: printable ASCII. */
function contact(text: string): string {
  if (!/^[\x20-\x7e]{3,200}$/.test(text) || /[()]/.test(text)) {
    throw new Error("expected 3 to 200 printable ASCII characters without parentheses");
  }
  return text;
}
