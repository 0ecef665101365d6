import { sleep } from "../../../shared/sleep.ts";
import type { Cluster } from "../../client/cluster.ts";
import { isFatal } from "../../errors/classify.ts";
import type { Attempt } from "../../errors/terms.ts";
import { explain, protocolErrorType } from "../../errors/explain.ts";
import type { FetchedBatch } from "../../wire/fetch/fetched_batch.ts";
import type { FetchedRecord } from "../../wire/fetch/fetched_record.ts";
import { Leaders } from "./leaders.ts";
import { readAttempt } from "./starts.ts";
import type { OffsetRange } from "./time_map.ts";

/** The part of a partition to read. */
export interface PartitionSpan {
  /** The number of the partition. */
  readonly partition: number;
  /** The first offset whose record is not older than the wanted time. */
  readonly first: number;
  /** The next offset to be written when the span was determined: the high watermark. */
  readonly end: number;
  /** Whether the partition begins within the span, because older records were deleted. */
  readonly isCut: boolean;
}

/** Options of {@linkcode SpanReader.read}. */
export interface ReadSpanOptions {
  /** Called with some records of one partition, in order. */
  readonly handle: (partition: number, records: readonly FetchedRecord[]) => void;
  /** Returns the parts of a partition to read, ordered and disjoint. Default: all of it. */
  readonly ranges?: ((partition: number) => readonly OffsetRange[]) | undefined;
  /** Called after each fetch with the finished part, from 0 to 1. */
  readonly onProgress?: (part: number) => void;
  /** Ends the read early. */
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for open transactions and unreachable brokers, in ms. Default 60,000. */
  readonly patienceMs?: number | undefined;
}

/** Bounds of one fetch from one broker. */
const LIMITS = { maxWaitMs: 500, maxBytes: 4 * 1024 * 1024, maxBytesPerPartition: 1024 * 1024 };
/** A transaction of wikitap stays open for 30 s at most. */
const PATIENCE_MS = 60_000;
/** The wait before another attempt while a broker is unreachable, in ms. */
const RETRY_MS = 200;
/**
 * Upstream has a few records whose timestamps are years old. They do not show that the records
 * before the span still exist.
 */
const STRAYS = 10;

/**
 * Reads the committed records of a topic from a time to its end, without a consumer group: it
 * changes nothing in Kafka, and needs Read and Describe on the topic only.
 *
 * The end is the high watermark at the beginning. The reader waits for transactions that are open
 * then. So each record that was acknowledged before is read, unless its transaction was aborted.
 */
export class SpanReader implements AsyncDisposable {
  readonly #leaders: Leaders;
  readonly #attempt: Attempt;
  readonly #topic: string;
  readonly #since: number;
  #spans: readonly PartitionSpan[];
  /** By partition, the time of the first record in the span. */
  readonly #firstTimes = new Map<number, number>();

  private constructor({ leaders, attempt, topic, since, spans }: Opened) {
    this.#leaders = leaders;
    this.#attempt = attempt;
    this.#topic = topic;
    this.#since = since;
    this.#spans = spans;
  }

  /**
   * Connects, and determines the span in each partition.
   *
   * @param since ms since 1970.
   * @throws {UserError} if Kafka cannot be asked, or the topic does not exist.
   */
  static async open(cluster: Cluster, topic: string, since: number): Promise<SpanReader> {
    const attempt: Attempt = { ...readAttempt([topic]), cluster };
    let leaders: Leaders | undefined;
    try {
      leaders = await Leaders.open(cluster);
      const spans = await findSpans(leaders, topic, since);
      return new SpanReader({ leaders, attempt, topic, since, spans });
    } catch (error) {
      await leaders?.[Symbol.asyncDispose]();
      throw explain(error, attempt);
    }
  }

  /**
   * The partitions that begin within the span, because older records were deleted, with the time of
   * their first record in the span, ms since 1970, or `Infinity` if there is none. Known after
   * `read()`.
   */
  get deletedBefore(): ReadonlyMap<number, number> {
    return new Map(
      this.#spans.filter(({ isCut }) => isCut).map(({ partition }) => [
        partition,
        this.#firstTimes.get(partition) ?? Infinity,
      ]),
    );
  }

  /**
   * Reads all spans, or until `signal` is aborted.
   *
   * @returns The partitions that were not read to their end: because `signal` was aborted, or
   * because a transaction stayed open for `patienceMs`.
   * @throws {UserError} if a broker denies access, or does not answer for `patienceMs`.
   */
  async read(
    { handle, ranges = () => ALL, onProgress, signal, patienceMs = PATIENCE_MS }: ReadSpanOptions,
  ): Promise<readonly number[]> {
    const cursors = this.#spans.map(({ partition, first, end }): Cursor => ({
      partition,
      parts: ranges(partition).map((part) => ({
        next: Math.max(first, part.first),
        end: Math.min(end, part.end),
      })),
    }));
    const total = remaining(cursors);
    let progressAt = performance.now();
    while (true) {
      // A broker fills its answer from the first partition on.
      cursors.push(...cursors.splice(0, 1));
      for (const cursor of cursors) cursor.parts = cursor.parts.filter(isOpen);
      const open = cursors.filter(({ parts }) => parts.length > 0);
      const left = remaining(open);
      onProgress?.(total === 0 ? 1 : 1 - left / total);
      if (left === 0 || signal?.aborted) return open.map(({ partition }) => partition);
      const failure = await this.#fetch(open, handle).then(() => undefined, (error) => error ?? {});
      const isLate = performance.now() - progressAt > patienceMs;
      if (failure !== undefined) {
        await this.#recover(failure, isLate, signal);
        for (const { partition, parts } of cursors) {
          const { first = 0 } = this.#spans.find((span) => span.partition === partition) ?? {};
          for (const part of parts) part.next = Math.max(part.next, first);
        }
      }
      if (remaining(open) < left) progressAt = performance.now();
      else if (isLate) return open.map(({ partition }) => partition);
    }
  }

  /** Disconnects. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leaders[Symbol.asyncDispose]();
  }

  /** Fetches once from each leader, and moves the cursors. */
  async #fetch(open: readonly Cursor[], handle: ReadSpanOptions["handle"]): Promise<void> {
    const from = open.map(({ partition, parts }) => ({ partition, offset: parts[0]!.next }));
    for (const batch of await this.#leaders.fetchOnce(this.#topic, from, LIMITS)) {
      const cursor = open.find(({ partition }) => partition === batch.partition);
      // The read has reached an open transaction.
      if (cursor !== undefined && !batch.isEmpty()) this.#take(batch, cursor, handle);
    }
  }

  /** Passes on the fetched records of a part. */
  #take(
    batch: FetchedBatch,
    { partition, parts }: Cursor,
    handle: ReadSpanOptions["handle"],
  ): void {
    const part = parts[0]!;
    for (const { records, next } of batch.chunks()) {
      const within = next <= part.end
        ? records
        : records.filter(({ offset }) => Number(offset) < part.end);
      this.#noteFirst(partition, within);
      if (within.length > 0) handle(partition, within);
      part.next = next;
      if (!isOpen(part)) return;
    }
  }

  #noteFirst(partition: number, records: readonly FetchedRecord[]): void {
    if (this.#firstTimes.has(partition)) return;
    const first = records.find(({ timestamp }) => Number(timestamp) >= this.#since);
    if (first !== undefined) this.#firstTimes.set(partition, Number(first.timestamp));
  }

  /** Waits after a temporary failure, and looks up the leaders again. */
  async #recover(
    failure: unknown,
    isLate: boolean,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const explained = explain(failure, this.#attempt);
    const isFinal = explained === failure || isFatal(failure);
    if (isFinal || isLate) throw explained;
    await sleep(RETRY_MS, signal);
    try {
      await this.#leaders.refresh([this.#topic]);
      // Retention may have deleted the records to be fetched next.
      if (protocolErrorType(failure) === "OFFSET_OUT_OF_RANGE") {
        this.#spans = await findSpans(this.#leaders, this.#topic, this.#since);
      }
    } catch {
      // The next fetch shows whether that is final.
    }
  }
}

interface Opened {
  readonly leaders: Leaders;
  readonly attempt: Attempt;
  readonly topic: string;
  readonly since: number;
  readonly spans: readonly PartitionSpan[];
}

/** The progress in a partition. */
interface Cursor {
  readonly partition: number;
  /** The parts that are not read yet. */
  parts: Part[];
}

interface Part {
  readonly end: number;
  next: number;
}

const ALL: readonly OffsetRange[] = [{ first: 0, end: Infinity }];

function isOpen({ next, end }: Part): boolean {
  return next < end;
}

function remaining(cursors: readonly Cursor[]): number {
  const parts = cursors.flatMap(({ parts }) => parts);
  return parts.reduce((sum, { next, end }) => sum + Math.max(0, end - next), 0);
}

async function findSpans(
  leaders: Leaders,
  topic: string,
  since: number,
): Promise<PartitionSpan[]> {
  const bounds = await leaders.bounds(await leaders.partitions([topic]), false);
  const firsts = await leaders.firstSince(bounds, since, false);
  return [...bounds].map(([at, { low, high }]): PartitionSpan => {
    const first = firsts.get(at)!;
    return {
      partition: at.partition,
      first: Number(first),
      end: Number(high),
      isCut: low > 0n && first - low < STRAYS,
    };
  });
}
