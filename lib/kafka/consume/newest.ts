import { UserError } from "../../shared/error.ts";
import type { Cluster } from "../client/cluster.ts";
import type { TopicPartition } from "../topic_partition.ts";
import { type Leaders, withLeaders } from "./direct/leaders.ts";
import type { ReadOptions, ReadRecord } from "./read_options.ts";
import { type Extent, findStarts, readAttempt, type Start } from "./direct/starts.ts";

/** One record with its topic, partition and offset. */
export interface PlacedRecord extends TopicPartition {
  /** The record. */
  readonly record: ReadRecord;
}

/** The topics, the selection and the number of records. */
export interface NewestOptions extends Extent, Pick<ReadOptions, "select" | "signal"> {
  /** The number of records. They are held in memory: at most {@linkcode MAX_HELD_BYTES}. */
  readonly count: number;
}

/** Maximum size of the records that are held, for the result and for searched partitions. */
export const MAX_HELD_BYTES = 128 * 1024 * 1024;

/** Number of partitions that are searched at the same time. */
const MAX_SEARCHES = 4;

/** Maximum number of offsets that are searched at once, from the end backward. */
const MAX_SPAN = 1_000_000n;

/** Approximate memory of a record, in bytes, besides its key, value and headers. */
const OBJECT_BYTES = 200;

/**
 * Reads the newest existing records, without a consumer group.
 *
 * The partitions are read backward from their ends, the record with the highest timestamp first. So
 * the result has the end of each partition, and fewer records of older partitions. It is ordered by
 * time, and within a partition by offset.
 *
 * @returns `count` records, fewer only if there are no more; none if `signal` was aborted.
 * @throws {UserError} if Kafka cannot be read, or if the records together exceed the bound.
 */
export async function readNewest(
  cluster: Cluster,
  options: NewestOptions,
): Promise<readonly PlacedRecord[]> {
  const { topics, count, signal } = options;
  return await withLeaders(cluster, readAttempt(topics), async (leaders) => {
    const starts = [...await findStarts(leaders, options)];
    const held = new Held(count);
    let newest: readonly PlacedRecord[] = [];
    for (let i = 0; i < starts.length; i += MAX_SEARCHES) {
      const tails = await Promise.all(
        starts.slice(i, i + MAX_SEARCHES).map(([at, start]) =>
          tailOf(leaders, at, start, options, held)
        ),
      );
      if (signal?.aborted) return [];
      for (const tail of tails) {
        const merged = mergeNewest(newest, tail, count);
        held.keepOnly(merged, newest, tail);
        newest = merged;
      }
    }
    return newest;
  });
}

/**
 * Merges two lists backward from their ends, the higher timestamp first. Of equal timestamps, the
 * second list's record is the newer one.
 *
 * @returns The last `count`, in the order of the merge.
 */
export function mergeNewest(
  a: readonly PlacedRecord[],
  b: readonly PlacedRecord[],
  count: number,
): readonly PlacedRecord[] {
  const merged: PlacedRecord[] = [];
  for (let i = a.length - 1, j = b.length - 1; merged.length < count && (i >= 0 || j >= 0);) {
    const isOfB = i < 0 || (j >= 0 && timeOf(b[j]!) >= timeOf(a[i]!));
    merged.push(isOfB ? b[j--]! : a[i--]!);
  }
  return merged.reverse();
}

function timeOf({ record }: PlacedRecord): number {
  return Number(record.timestamp);
}

/** Returns the last selected records of a partition, at most `count`. */
async function tailOf(
  leaders: Leaders,
  at: TopicPartition,
  { first, high }: Start,
  { count, signal, ...options }: NewestOptions,
  held: Held,
): Promise<readonly PlacedRecord[]> {
  let tail: PlacedRecord[] = [];
  // Some offsets have no record: transaction markers, aborted records, gaps left by compaction.
  let span = BigInt(count) + BigInt(count) / 8n + 16n;
  for (let to = high; to > first && tail.length < count && !signal?.aborted;) {
    const from = to - first > span ? to - span : first;
    const missing = count - tail.length;
    let found: PlacedRecord[] = [];
    for await (const records of recordsBetween(leaders, at, from, to, options)) {
      if (signal?.aborted) return [];
      const wanted = await options.select?.(records) ?? records;
      const added = wanted.slice(-missing).map((record) => held.add({ ...at, record }));
      found = held.trim(found.concat(added), missing);
    }
    tail = [...found, ...tail];
    to = from;
    span = span * 4n > MAX_SPAN ? MAX_SPAN : span * 4n;
  }
  return tail;
}

/** Reads the records of a partition from one offset to before another. */
async function* recordsBetween(
  leaders: Leaders,
  at: TopicPartition,
  from: bigint,
  to: bigint,
  { uncommitted = false }: Pick<Extent, "uncommitted">,
): AsyncGenerator<readonly ReadRecord[]> {
  for (let next = from; next < to;) {
    const batch = await leaders.fetch(at, next, !uncommitted);
    if (batch.isEmpty()) {
      throw new UserError(`Cannot continue reading at ${placeText(at, next)}: no records`);
    }
    for (const { records, next: after } of batch.chunks()) {
      next = BigInt(after);
      yield next <= to ? records : records.filter(({ offset }) => BigInt(offset) < to);
      if (next >= to) return;
    }
  }
}

/** Counts the bytes of the records that are held. */
class Held {
  readonly #count: number;
  #bytes = 0;

  /** @param count For the error message. */
  constructor(count: number) {
    this.#count = count;
  }

  /** Copies a record, since a view would keep the whole fetch in memory. */
  add({ record, ...at }: PlacedRecord): PlacedRecord {
    const placed = { ...at, record: copyOf(record) };
    this.#bytes += sizeOf(placed);
    if (this.#bytes <= MAX_HELD_BYTES) return placed;
    throw new UserError(
      `Cannot hold the newest ${this.#count} records: they are larger than 128 MiB`,
      { hint: "Use a smaller --last" },
    );
  }

  /** Returns the last `count` records. */
  trim(records: PlacedRecord[], count: number): PlacedRecord[] {
    this.#drop(records.slice(0, -count));
    return records.slice(-count);
  }

  /** Notes that only the records of `kept` are still held. */
  keepOnly(kept: readonly PlacedRecord[], ...lists: (readonly PlacedRecord[])[]): void {
    const left = new Set(kept);
    this.#drop(lists.flat().filter((one) => !left.has(one)));
  }

  #drop(records: readonly PlacedRecord[]): void {
    for (const record of records) this.#bytes -= sizeOf(record);
  }
}

function sizeOf({ record: { key, value, headers } }: PlacedRecord): number {
  const ofHeaders = Object.values(headers ?? {}).flat().reduce(
    (sum, value) => sum + (value?.length ?? 0),
    0,
  );
  return OBJECT_BYTES + (key?.length ?? 0) + (value?.length ?? 0) + ofHeaders;
}

function copyOf({ key, value, timestamp, offset, headers = {} }: ReadRecord): ReadRecord {
  return {
    key: key?.slice() ?? null,
    value: value?.slice() ?? null,
    timestamp,
    offset,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.map((one) => one?.slice()) : value?.slice(),
      ]),
    ),
  };
}

function placeText({ topic, partition }: TopicPartition, offset: bigint): string {
  return `offset ${offset} of partition ${partition} of '${topic}'`;
}
