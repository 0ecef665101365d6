import { UserError } from "../../../shared/error.ts";
import type { Attempt } from "../../errors/terms.ts";
import type { Leaders } from "./leaders.ts";
import { type Bounds, PartitionMap, type TopicPartition } from "../../topic_partition.ts";

/**
 * The start of a read: the oldest records, new records only, the first record of each partition at
 * or after a time (ms since the epoch), or an offset.
 */
export type From = "beginning" | "now" | { readonly time: number } | { readonly offset: bigint };

/** The start of a read in a partition, with the partition's bounds at that time. */
export interface Start extends Bounds {
  /** The offset of the first record to read. */
  readonly first: bigint;
}

/** The part of topics to read. */
export interface Extent {
  /** The names of the topics. */
  readonly topics: readonly string[];
  /** The only partitions of each topic. Default: all. */
  readonly partitions?: readonly number[] | undefined;
  /** The start. Default `now`. */
  readonly from?: From | undefined;
  /** Includes records of open and aborted transactions. Default `false`. */
  readonly uncommitted?: boolean;
}

/** Describes the read of topics, for error messages. */
export function readAttempt(topics: readonly string[]): Omit<Attempt, "cluster"> {
  const rights = ["Read", "Describe"];
  const [topic] = topics;
  if (topics.length > 1 || topic === undefined) {
    return { action: `read ${topics.length} topics`, rights };
  }
  return { action: `read the topic '${topic}'`, topic, rights };
}

/**
 * Determines where reading begins in each partition.
 *
 * @throws {UserError} for partitions and offsets that do not exist.
 * @throws a protocol error for topics that do not exist or may not be read.
 */
export async function findStarts(
  leaders: Leaders,
  { topics, partitions: numbers, from = "now", uncommitted = false }: Extent,
): Promise<PartitionMap<Start>> {
  const all = await leaders.partitions(topics);
  if (numbers !== undefined) checkPartitions(topics, numbers, all);
  const read = all.filter(({ partition }) => numbers?.includes(partition) ?? true);
  const bounds = await leaders.bounds(read, !uncommitted);
  const found = typeof from === "object" && "time" in from
    ? await leaders.firstSince(bounds, from.time, !uncommitted)
    : undefined;
  return new PartitionMap([...bounds].map(([at, { low, high }]) => {
    if (from === "beginning") return [at, { low, high, first: low }];
    if (typeof from === "object" && "offset" in from) {
      checkOffset(at, from.offset, { low, high });
      return [at, { low, high, first: from.offset }];
    }
    return [at, { low, high, first: found?.get(at) ?? high }];
  }));
}

function checkPartitions(
  topics: readonly string[],
  numbers: readonly number[],
  all: readonly TopicPartition[],
): void {
  for (const topic of topics) {
    const count = all.filter((at) => at.topic === topic).length;
    const missing = numbers.find((number) => number >= count);
    if (missing === undefined) continue;
    throw new UserError(
      `Cannot read partition ${missing} of the topic '${topic}': it has ${count}, expected 0` +
        (count > 1 ? ` to ${count - 1}` : ""),
    );
  }
}

function checkOffset(
  { topic, partition }: TopicPartition,
  offset: bigint,
  { low, high }: Bounds,
) {
  if (offset >= low && offset <= high) return;
  throw new UserError(
    `Cannot begin at offset ${offset} of partition ${partition} of '${topic}', expected ${low} to ${high}`,
  );
}
