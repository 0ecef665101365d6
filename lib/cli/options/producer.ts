import { topicTemplate } from "../../edits/routing/template.ts";
import { flag, option, type OptionGroup } from "../option.ts";
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

/** Options for the source of events. */
export const upstreamOptions = {
  title: "Stream",
  options: {
    streamUrl: option({
      placeholder: "URL",
      env: "EVENTSTREAMS_URL",
      help: "Stream to read. Separate several streams of one service by commas.",
      parse: httpUrl,
      default: new URL("https://stream.wikimedia.org/v2/stream/recentchange"),
    }),
    contact: option({
      placeholder: "TEXT",
      env: "WIKITAP_CONTACT",
      help: "Your mail address or web page, for the User-Agent. Wikimedia's policy requires it.",
      parse: contact,
    }),
    since: option({
      placeholder: "WHEN",
      help:
        "Start of a back-fill if no position is saved: an ISO date, epoch milliseconds, or an age.",
      parse: pastTime,
      defaultText: "now",
    }),
    until: option({
      placeholder: "WHEN",
      help:
        "Stop a back-fill at this time. Upstream timestamps are not strictly ordered, so events up to 1 s later may be included.",
      parse: time,
      defaultText: "no end",
    }),
    idleTimeout: option({
      placeholder: "DURATION",
      help: "Silence after which the connection is closed and reopened.",
      parse: waitingTime(positiveDuration),
      defaultText: "60s for recentchange, 10m for other streams",
    }),
  },
} satisfies OptionGroup;

/** Options for publishing. */
export const producerOptions = {
  title: "Producer",
  options: {
    topic: option({
      placeholder: "NAME",
      alias: ["topic_name"],
      help: "Topic, or a template of topics with {type}, {wiki}, {domain}.",
      parse: topicTemplate,
      default: "wikipedia-events",
    }),
    eventsToProduce: option({
      placeholder: "N",
      alias: ["events_to_produce"],
      help: "Exit after exactly N published records.",
      parse: integer(1, Number.MAX_SAFE_INTEGER),
      defaultText: "no limit",
    }),
    name: option({
      placeholder: "NAME",
      help:
        "Producer name: used as transactional.id and as the consumer group that stores the position. Run one producer per name.",
      parse: groupName,
      defaultText: "wikitap.<topic>",
    }),
    positionTopic: option({
      placeholder: "NAME",
      help: "Topic whose partition 0 the saved position belongs to.",
      parse: topicName,
      defaultText: "the topic; for a template, the one with 'position' in its placeholders",
    }),
    delivery: option({
      placeholder: "DELIVERY",
      help:
        "exactly-once, or at-least-once for brokers or ACLs without transactions; a second producer is then not fenced.",
      parse: oneOf("exactly-once", "at-least-once"),
      default: "exactly-once",
    }),
    batchSize: option({
      placeholder: "N",
      help: "Maximum number of records per batch. A batch is one transaction.",
      parse: integer(1, 100_000),
      default: 5000,
    }),
    linger: option({
      placeholder: "DURATION",
      help:
        "How long a batch waits for more records. 0: send what arrived while the last batch was in flight.",
      parse: waitingTime(duration),
      defaultText: "0; 200ms with {wiki} or {domain}",
    }),
    compression: option({
      placeholder: "CODEC",
      help: "none, gzip, snappy, lz4 or zstd.",
      parse: oneOf("none", "gzip", "snappy", "lz4", "zstd"),
      default: "none",
    }),
    deadLetterTopic: option({
      placeholder: "NAME",
      help: "Existing topic for rejected events and records, with the reason in headers.",
      parse: topicName,
      defaultText: "rejected events are counted and logged",
    }),
    createTopics: flag(
      "Create missing topics, with --partitions and --replication-factor.",
    ),
    partitions: option({
      placeholder: "N",
      help: "Partitions of topics that --create-topics creates.",
      parse: integer(1, 10_000),
      default: 3,
    }),
    replicationFactor: option({
      placeholder: "N",
      help: "Replicas of topics that --create-topics creates.",
      parse: integer(1, 100),
      default: 1,
    }),
    shutdownTimeout: option({
      placeholder: "DURATION",
      help: "Maximum time to flush pending records on shutdown.",
      parse: waitingTime(positiveDuration),
      default: 10_000,
    }),
    dryRun: flag(
      "Print the records as one JSON object per line, without Kafka and without a position.",
    ),
    showPosition: flag("Print the saved position and exit."),
    resetPosition: flag("Delete the saved position and exit."),
  },
} satisfies OptionGroup;

/** Checks a contact: it becomes part of an HTTP header. */
function contact(text: string): string {
  if (!/^[\x20-\x7e]{3,200}$/.test(text) || /[()]/.test(text)) {
    throw new Error("expected 3 to 200 printable ASCII characters without parentheses");
  }
  return text;
}
