import { isWildcard } from "../../edits/filter/pattern.ts";
import type { From } from "../../kafka/consume/direct/starts.ts";
import { UsageError } from "../../shared/error.ts";
import { flag, flagName, option, type OptionGroup, type Values } from "../option.ts";
import { groupName, integer, listOf, pastTime, topicName } from "../values.ts";
import { recordFilterOption } from "./record_filter.ts";

/** Options that select the records to read. */
export const readingOptions = {
  title: "Reading",
  options: {
    topic: option({
      placeholder: "NAME[,…]",
      alias: ["topic_name"],
      help: "Topics. '*' at either end is a wildcard, for the topics that exist at the start.",
      parse: listOf(topicPattern),
      default: ["wikipedia-events"],
    }),
    group: option({
      placeholder: "NAME",
      help:
        "Consumer group to join: its members share the partitions, and Kafka keeps its offsets. " +
        "After a failure a record may be printed twice; none is lost.",
      parse: groupName,
      defaultText: "a temporary one, deleted at the end",
    }),
    fromBeginning: flag(
      "Begin with the oldest record, and continue with new ones. Default: new ones only. " +
        "A --group begins there only if it has no offsets yet.",
    ),
    since: option({
      placeholder: "WHEN",
      help: "Only records of this time or later, by their timestamps: an ISO date, epoch " +
        "milliseconds, or an age such as 2h.",
      parse: pastTime,
    }),
    until: option({
      placeholder: "WHEN",
      help: "Only records before this time; exit after the last of them. Begins with the oldest " +
        "record unless another option sets the start.",
      parse: pastTime,
    }),
    last: option({
      placeholder: "N",
      help: "Only the newest N records of all partitions together, in order of time.",
      parse: integer(1, 100_000),
    }),
    partition: option({
      placeholder: "P[,…]",
      help: "Only these partitions, by number.",
      parse: listOf(integer(0, 2 ** 31 - 1)),
      defaultText: "all",
    }),
    offset: option({
      placeholder: "O",
      help: "Begin at this offset of the --partition.",
      parse: integer(0, Number.MAX_SAFE_INTEGER),
    }),
    filter: recordFilterOption,
    maxMessages: option({
      placeholder: "N",
      help: "Exit after N records.",
      parse: integer(1, Number.MAX_SAFE_INTEGER),
      defaultText: "no limit",
    }),
    uncommitted: flag("Include records of open and aborted transactions."),
  },
} satisfies OptionGroup;

/** The values of the reading options. */
export type ReadingValues = Values<typeof readingOptions.options>;

/**
 * Returns where reading begins.
 *
 * @throws {UsageError} for options that contradict each other.
 */
export function fromOf(values: ReadingValues): From {
  checkReading(values);
  const { fromBeginning, since, until, last, offset } = values;
  if (since !== undefined) return { time: since };
  if (offset !== undefined) return { offset: BigInt(offset) };
  return fromBeginning || until !== undefined || last !== undefined ? "beginning" : "now";
}

type Key = keyof ReadingValues;

/** Options that work only without a group: they need all partitions. */
const WITHOUT_GROUP: readonly Key[] = ["since", "until", "last", "partition", "offset"];

/** Sets of options of which at most one may be given, with the reason. */
const EXCLUSIVE: readonly (readonly [options: readonly Key[], reason: string])[] = [
  [["fromBeginning", "since", "offset"], "each sets the start"],
  [["fromBeginning", "last"], "each sets the start"],
  [["offset", "last"], "each sets the start"],
  [["maxMessages", "last"], "each sets a number of records"],
];

function checkReading(values: ReadingValues): void {
  const { topic, group, since, until, partition, offset } = values;
  const isGiven = (key: Key) => values[key] !== undefined && values[key] !== false;
  const name = (key: Key | undefined) => `--${flagName(key ?? "")}`;
  if (group !== undefined) {
    const given = WITHOUT_GROUP.find(isGiven);
    if (given !== undefined) {
      throw new UsageError(
        `Cannot combine --group and ${
          name(given)
        }: the group's committed offsets and Kafka's assignment ` +
          "decide what is read",
        { hint: `Omit --group to read with ${name(given)}` },
      );
    }
  }
  for (const [keys, reason] of EXCLUSIVE) {
    const given = keys.filter(isGiven);
    if (given.length < 2) continue;
    throw new UsageError(`Cannot combine ${name(given[0])} and ${name(given[1])}: ${reason}`);
  }
  if ((since ?? 0) > (until ?? Infinity)) {
    throw new UsageError("Cannot read backward: --since is later than --until");
  }
  if (offset !== undefined && partition?.length !== 1) {
    throw new UsageError("Cannot use --offset without one --partition", {
      hint: "Add --partition P: offsets count the records of one partition",
    });
  }
  if (offset !== undefined && (topic.length > 1 || topic.some(isWildcard))) {
    throw new UsageError("Cannot use --offset with several topics", {
      hint: "Name one --topic: offsets count the records of one partition",
    });
  }
}

/** Parses a topic, or a wildcard for topics. */
function topicPattern(text: string): string {
  const fixed = text.replace(/^\*/, "").replace(/\*$/, "");
  if (fixed !== "" || !isWildcard(text)) topicName(fixed);
  return text;
}
