import { UsageError } from "../../shared/error.ts";
import { flag, type GroupValues, option, type OptionGroup, parseOptions } from "../option.ts";
import { oneOf, pastTime } from "../values.ts";
import { filterOptions, recordOptions } from "./events.ts";
import { kafkaOptions } from "./kafka.ts";
import { PRODUCER_GROUPS, type ProducerOptions } from "./producer_plan.ts";
import { producerOptions, upstreamOptions } from "./producer.ts";
import { registryOptions } from "./registry.ts";

const { topic, name, positionTopic } = producerOptions.options;

/** Options for the comparison and its report. */
export const verifyOptions = {
  title: "Comparison",
  options: {
    topic: { ...topic, help: "Topic to verify, or the producer's template of topics." },
    since: option({
      placeholder: "WHEN",
      help:
        "Start of the span, by the times of the edits: an ISO date, epoch milliseconds, or an age.",
      parse: pastTime,
      defaultText: "1h before --until",
    }),
    until: option({
      placeholder: "WHEN",
      help: "End of the span.",
      parse: pastTime,
      defaultText: "1m ago",
    }),
    output: option({
      placeholder: "FORMAT",
      help: "Format of the report: text or json.",
      parse: oneOf("text", "json"),
      default: "text",
    }),
    repair: flag(
      "Publish the lost records after the report, each marked with the header wikitap-repaired.",
    ),
    yes: flag("Repair without asking."),
    name: { ...name, help: "Name of the producer: the consumer group that stores its position." },
    positionTopic: { ...positionTopic, help: "The producer's --position-topic." },
    ignorePosition: flag(
      "Ignore the producer's saved position, with its options and its progress: for topics that another program filled.",
    ),
  },
} satisfies OptionGroup;

const { streamUrl, contact, idleTimeout } = upstreamOptions.options;

/** Options for the source. */
export const sourceOptions = {
  title: "Source",
  options: { streamUrl, contact, idleTimeout },
} satisfies OptionGroup;

/** The option groups of `verify`, in the order of `--help`. */
export const VERIFY_GROUPS = [
  verifyOptions,
  sourceOptions,
  filterOptions,
  recordOptions,
  kafkaOptions,
  registryOptions,
] as const;

/** The values of those options of `verify` that the producer has too. */
export type SharedValues = Omit<
  GroupValues<typeof VERIFY_GROUPS>,
  "since" | "until" | "output" | "repair" | "yes" | "ignorePosition"
>;

/** Returns the options of a producer that has the given values, and defaults for all others. */
export function asProducer(values: SharedValues): ProducerOptions {
  const { operands: _, ...defaults } = parseOptions(PRODUCER_GROUPS, [], () => undefined);
  const shared = Object.entries(values).filter(([name]) => Object.hasOwn(defaults, name));
  return { ...defaults, ...Object.fromEntries(shared), since: undefined, until: undefined };
}

/** The default length of the span, and how long before now it ends, in ms. */
const SPAN_MS = 3_600_000;
const LAG_MS = 60_000;

/**
 * Returns the span to verify, ms since 1970.
 *
 * @throws {UsageError} if it is empty.
 */
export function spanOf(
  { since, until }: { readonly since: number | undefined; readonly until: number | undefined },
  now: number = Date.now(),
): { readonly since: number; readonly until: number } {
  const end = until ?? now - LAG_MS;
  const begin = since ?? end - SPAN_MS;
  if (begin < end) return { since: begin, until: end };
  const [from, to] = [begin, end].map((ms) => new Date(ms).toISOString());
  throw new UsageError(`Cannot verify from ${from} to ${to}: expected --since before --until`, {
    hint: "Choose an earlier --since; without --until the span ends 1 minute ago",
  });
}
