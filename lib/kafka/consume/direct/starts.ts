import { UserError } from "../../../shared/error.ts";
import type { TopicPartition } from "../../requests/offsets.ts";
import type { Leaders } from "./leaders.ts";
import { PartitionMap } from "./partition_map.ts";

/**
 * The start of a read: the oldest records, new records only, the first record of each partition at
 * or after a time (ms since the epoch), or an offset.
 */
export type From = "beginning" | "now" | { readonly time: number } | { readonly offset: bigint };

/** The start of a read in a partition, with the partition's bounds at that time. */
export interface Start {
  /** The offset of the first record to read. */
  readonly first: bigint;
  /** The first offset that still exists. */
  readonly low: bigint;
  /** The end for this reader. For committed records, it is before the first open transaction. */
  readonly end: bigint;
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
  return new PartitionMap([...bounds].map(([at, { low, end }]) => {
    if (from === "beginning") return [at, { low, end, first: low }];
    if (typeof from === "object" && "offset" in from) {
      checkOffset(at, from.offset, low, end);
      return [at, { low, end, first: from.offset }];
    }
    return [at, { low, end, first: found?.get(at) ?? end }];
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
  low: bigint,
  end: bigint,
) {
  if (offset >= low && offset <= end) return;
  throw new UserError(
    `Cannot begin at offset ${offset} of partition ${partition} of '${topic}', expected ${low} to ${end}`,
  );
}
