import { knownTopics } from "../../edits/routing/route.ts";
import { fillTemplate, placeholdersOf } from "../../edits/routing/template.ts";
import { UsageError } from "../../shared/error.ts";
import { flagName, type GroupValues } from "../option.ts";
import {
  editsOptions,
  filterOptions,
  isRecentChange,
  recordOptions,
  type RecordPlan,
} from "./events.ts";
import { kafkaOptions } from "./kafka.ts";
import { observeOptions } from "./observe.ts";
import { producerOptions, upstreamOptions } from "./producer.ts";
import { registryOptions } from "./registry.ts";

/** The option groups of the producer, in the order of `--help`. */
export const PRODUCER_GROUPS = [
  producerOptions,
  upstreamOptions,
  filterOptions,
  recordOptions,
  kafkaOptions,
  registryOptions,
  observeOptions,
] as const;

/** The values of the producer's options, as the command line and the environment give them. */
export type ProducerOptions = GroupValues<typeof PRODUCER_GROUPS>;

/** The producer's options, with everything that follows from them. */
export interface ProducerPlan extends ProducerOptions {
  /** Filter, key, payload and headers of the records. */
  readonly edits: RecordPlan;
  /** The topics of the records; `undefined` if they are discovered as events arrive. */
  readonly topics: readonly string[] | undefined;
  /** The consumer group that stores the position, and the topic that the position belongs to. */
  readonly position: { readonly group: string; readonly topic: string };
  /** How long a batch waits for more records, in ms. */
  readonly linger: number;
  /** Silence after which a connection is closed, in ms. */
  readonly idleTimeout: number;
}

/** The default of `--linger` for a topic per wiki or domain: many topics make small batches. */
const MANY_TOPICS_LINGER_MS = 200;
/** recentchange never pauses for long; other streams may be silent for minutes. */
const CHANGES_IDLE_TIMEOUT_MS = 60_000;
const OTHER_IDLE_TIMEOUT_MS = 600_000;

/**
 * Interprets the producer's options, once for all that use them.
 *
 * @throws {UsageError} if options contradict each other, select no event, or name an impossible
 * topic.
 */
export function producerPlan(options: ProducerOptions): ProducerPlan {
  checkModes(options);
  checkSpan(options);
  const { topic, streamUrl, name } = options;
  const edits = editsOptions(options, { topic, streamUrl });
  const topics = knownTopics(topic, edits.filter ?? {});
  checkTopics(options, topics);
  const hasManyTopics = placeholdersOf(topic).some((placeholder) => placeholder !== "type");
  return {
    ...options,
    edits,
    topics,
    position: {
      group: name ?? `wikitap.${fillTemplate(topic, (placeholder) => placeholder)}`,
      topic: options.positionTopic ?? fillTemplate(topic, () => "position"),
    },
    linger: options.linger ?? (hasManyTopics ? MANY_TOPICS_LINGER_MS : 0),
    idleTimeout: options.idleTimeout ??
      (isRecentChange(streamUrl) ? CHANGES_IDLE_TIMEOUT_MS : OTHER_IDLE_TIMEOUT_MS),
  };
}

function checkModes(options: ProducerOptions): void {
  const modes = (["dryRun", "showPosition", "resetPosition"] as const)
    .filter((mode) => options[mode]).map((mode) => `--${flagName(mode)}`);
  if (modes.length > 1) throw new UsageError(`Cannot combine ${modes[0]} and ${modes[1]}`);
}

function checkSpan({ since = 0, until = Infinity, streamUrl }: ProducerOptions): void {
  if (since > until) {
    throw new UsageError("Cannot read backward: --since is later than --until");
  }
  if (streamUrl.searchParams.has("since")) {
    throw new UsageError("Cannot use --stream-url with a 'since' parameter", {
      hint: "Use --since instead",
    });
  }
}

function checkTopics(
  { deadLetterTopic, format, schemaRegistry, dryRun }: ProducerOptions,
  topics: readonly string[] | undefined,
): void {
  if (deadLetterTopic !== undefined && topics?.includes(deadLetterTopic)) {
    throw new UsageError("Cannot use one topic for both --dead-letter-topic and --topic");
  }
  if (format === "avro" && schemaRegistry === undefined && !dryRun) {
    throw new UsageError("Cannot use --format avro without --schema-registry", {
      hint: "Set SCHEMA_REGISTRY_URL, or start a local registry: deno task registry start",
    });
  }
}
