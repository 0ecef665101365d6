import { sleep } from "../../../shared/sleep.ts";
import type { Cluster } from "../../client/cluster.ts";
import { errorOfCode } from "../../client/kafkajs.ts";
import { openRawCluster, type RawCluster } from "../../client/raw_cluster.ts";
import { isFatal, isUnknownTopic } from "../../errors/classify.ts";
import { type Attempt, explain, protocolErrorType } from "../../errors/explain.ts";
import { retry } from "../../../shared/retry.ts";
import { type FetchAnswer, fetchRequest } from "../../requests/fetch.ts";
import {
  type BrokerAddress,
  type ClusterMetadata,
  metadataRequest,
} from "../../requests/metadata.ts";
import {
  type FoundOffset,
  listOffsetsRequest,
  OffsetSpec,
  type TopicPartition,
} from "../../requests/offsets.ts";
import { FetchedBatch } from "../../wire/fetch/fetched_batch.ts";
import type { FetchedRecord } from "../../wire/fetch/fetched_record.ts";
import { splitBatches } from "../../wire/fetch/record_set.ts";

/** The part of a partition that is read. */
export interface PartitionSpan {
  readonly partition: number;
  /** The first offset whose record is not older than the wanted time. */
  readonly first: number;
  /** The next offset to be written when the span was determined: the high watermark. */
  readonly end: number;
  /** Whether the partition begins within the span, because older records were deleted. */
  readonly isCut: boolean;
}

/** How spans are read. */
export interface ReadSpanOptions {
  /** Gets some records of one partition, in order. */
  readonly handle: (partition: number, records: readonly FetchedRecord[]) => void;
  /** Called after each fetch with the part that is read, from 0 to 1. */
  readonly onProgress?: (part: number) => void;
  /** Ends the read early. */
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for open transactions and for brokers that are away, in ms. Default 60,000. */
  readonly patienceMs?: number;
}

/** Bounds of one fetch from one broker. */
const LIMITS = { maxWaitMs: 500, maxBytes: 4 * 1024 * 1024, maxBytesPerPartition: 1024 * 1024 };
/** A transaction of wikitap stays open for 30 s at most. */
const PATIENCE_MS = 60_000;
/** The wait before another attempt while a broker is away, in ms. */
const RETRY_MS = 200;
/** How long a cluster that has just started may take to know the topic, in ms. */
const START = { firstWaitMs: 200, limitMs: 5000 };
/**
 * A few records whose timestamps are years back, as upstream has them, do not show that the records
 * before the span are still there.
 */
const STRAYS = 10;
/** Kafka's error code for a partition without a leader. */
const LEADER_NOT_AVAILABLE = 5;

/**
 * Reads the committed records of a topic from a time to its end, without a consumer group: it
 * changes nothing in Kafka, and needs Read and Describe on the topic only.
 *
 * The end is the high watermark at the beginning. Transactions that are open then are waited for, so
 * each record that was acknowledged before is read, unless its transaction was aborted.
 */
export class SpanReader implements AsyncDisposable {
  readonly #raw: RawCluster;
  readonly #attempt: Attempt;
  readonly #topic: string;
  readonly #since: number;
  #spans: readonly PartitionSpan[];
  #metadata: ClusterMetadata;
  /** By partition, the time of the first record in the span. */
  readonly #firstTimes = new Map<number, number>();

  private constructor(
    { raw, attempt, topic, since }: Opening,
    { metadata, spans }: { metadata: ClusterMetadata; spans: readonly PartitionSpan[] },
  ) {
    this.#raw = raw;
    this.#attempt = attempt;
    this.#topic = topic;
    this.#since = since;
    this.#metadata = metadata;
    this.#spans = spans;
  }

  /**
   * Connects, and determines the span in each partition.
   *
   * @param since ms since 1970.
   * @throws {UserError} if Kafka cannot be asked, or the topic does not exist.
   */
  static async open(cluster: Cluster, topic: string, since: number): Promise<SpanReader> {
    const rights = ["Read", "Describe"];
    const attempt: Attempt = { action: `read the topic '${topic}'`, topic, rights, cluster };
    let raw: RawCluster | undefined;
    try {
      const opened = raw = await openRawCluster(cluster.quick);
      const find = async () => {
        const metadata = await metadataOf(opened, topic);
        return { metadata, spans: await spansOf(opened, metadata, topic, since) };
      };
      const isPassing = (error: unknown) =>
        !isFatal(error) && !isUnknownTopic(error) && explain(error, attempt) !== error;
      return new SpanReader({ raw, attempt, topic, since }, await retry(find, isPassing, START));
    } catch (error) {
      await raw?.close();
      throw explain(error, attempt);
    }
  }

  /**
   * By partition that begins within its span, because older records were deleted: the time of its
   * first record in the span, ms since 1970, or `Infinity` if there is none. Known after `read()`.
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
   * @returns The partitions that were not read to their end; without `signal`, because a transaction
   * stayed open for `patienceMs`.
   * @throws {UserError} if a broker denies access, or does not answer for `patienceMs`.
   */
  async read(
    { handle, onProgress, signal, patienceMs = PATIENCE_MS }: ReadSpanOptions,
  ): Promise<readonly number[]> {
    const cursors = this.#spans.map(({ partition, first, end }) => ({
      partition,
      next: first,
      end,
    }));
    const total = remaining(cursors);
    let progressAt = performance.now();
    while (true) {
      // A broker fills its answer from the first partition on.
      cursors.push(...cursors.splice(0, 1));
      const open = cursors.filter(({ next, end }) => next < end);
      const left = remaining(open);
      onProgress?.(total === 0 ? 1 : 1 - left / total);
      if (left === 0 || signal?.aborted) return open.map(({ partition }) => partition);
      const failure = await this.#fetch(open, handle).then(() => undefined, (error) => error ?? {});
      const isLate = performance.now() - progressAt > patienceMs;
      if (failure !== undefined) {
        await this.#recover(failure, isLate, signal);
        for (const cursor of cursors) cursor.next = Math.max(cursor.next, this.#first(cursor));
      }
      if (remaining(open) < left) progressAt = performance.now();
      else if (isLate) return open.map(({ partition }) => partition);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#raw.close();
  }

  /** Fetches once from each leader, all at the same time, and moves the cursors. */
  async #fetch(open: readonly Cursor[], handle: ReadSpanOptions["handle"]): Promise<void> {
    const { brokers } = this.#metadata;
    const { partitions = [] } = this.#metadata.topics[0] ?? {};
    const leaders = Map.groupBy(open, ({ partition }) => {
      const { leader } = partitions.find((one) => one.partition === partition) ?? {};
      const broker = brokers.find(({ id }) => id === leader);
      if (broker === undefined) throw errorOfCode(LEADER_NOT_AVAILABLE);
      return broker;
    });
    const answers = await Promise.all([...leaders].map(([broker, cursors]) => {
      const from = cursors.map(({ partition, next }) => ({ partition, offset: next }));
      return this.#raw.sendTo(broker, fetchRequest(this.#topic, from, LIMITS));
    }));
    for (const answer of answers.flat()) {
      const cursor = open.find(({ partition }) => partition === answer.partition);
      if (cursor !== undefined) cursor.next = this.#take(answer, cursor.next, handle);
    }
  }

  /** Hands out what was fetched of a partition, and returns the next offset to fetch. */
  #take(answer: FetchAnswer, offset: number, handle: ReadSpanOptions["handle"]): number {
    const { partition, errorCode, highWatermark, abortedTransactions } = answer;
    if (errorCode !== 0) throw errorOfCode(errorCode);
    const messages = splitBatches(answer.records);
    if (messages.length === 0) return offset;
    const batch = new FetchedBatch(this.#topic, offset, {
      partition,
      highWatermark: String(highWatermark),
      abortedTransactions,
      messages,
    });
    let next = offset;
    for (const chunk of batch.chunks()) {
      this.#noteFirst(partition, chunk.records);
      if (chunk.records.length > 0) handle(partition, chunk.records);
      next = chunk.next;
    }
    return next;
  }

  #noteFirst(partition: number, records: readonly FetchedRecord[]): void {
    if (this.#firstTimes.has(partition)) return;
    const first = records.find(({ timestamp }) => Number(timestamp) >= this.#since);
    if (first !== undefined) this.#firstTimes.set(partition, Number(first.timestamp));
  }

  /** Waits after a failure that passes, and asks who leads the partitions now. */
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
      this.#metadata = await metadataOf(this.#raw, this.#topic);
      // Retention may have deleted what was to be fetched next.
      if (protocolErrorType(failure) === "OFFSET_OUT_OF_RANGE") {
        this.#spans = await spansOf(this.#raw, this.#metadata, this.#topic, this.#since);
      }
    } catch {
      // The next fetch shows whether that is final.
    }
  }

  #first({ partition, next }: Cursor): number {
    return this.#spans.find((span) => span.partition === partition)?.first ?? next;
  }
}

interface Opening {
  readonly raw: RawCluster;
  readonly attempt: Attempt;
  readonly topic: string;
  readonly since: number;
}

/** How far a partition is read. */
interface Cursor {
  readonly partition: number;
  readonly end: number;
  next: number;
}

function remaining(cursors: readonly Cursor[]): number {
  return cursors.reduce((sum, { next, end }) => sum + Math.max(0, end - next), 0);
}

async function metadataOf(raw: RawCluster, topic: string): Promise<ClusterMetadata> {
  const metadata = await raw.send(metadataRequest([topic]));
  const [found] = metadata.topics;
  const error = found?.errorCode || found?.partitions.find(({ leader }) => leader < 0)?.errorCode;
  if (error) throw errorOfCode(error);
  return metadata;
}

async function spansOf(
  raw: RawCluster,
  { brokers, topics: [found] }: ClusterMetadata,
  topic: string,
  since: number,
): Promise<PartitionSpan[]> {
  const led = Map.groupBy(found?.partitions ?? [], ({ leader }) => leader);
  const spans = brokers.filter(({ id }) => led.has(id)).map(async (broker) => {
    const partitions = led.get(broker.id)!.map(({ partition }) => ({ topic, partition }));
    const ask = (spec: number) => offsetsOf(raw, broker, partitions, spec);
    const specs = [OffsetSpec.earliest, since, OffsetSpec.latest, OffsetSpec.maxTimestamp];
    const [earliest, wanted, latest, newest] = await Promise.all(specs.map(ask));
    return partitions.map(({ partition }): PartitionSpan => {
      const oldest = earliest!.get(partition)!.offset;
      const end = latest!.get(partition)!.offset;
      const found = wanted!.get(partition)!.offset;
      // After records were deleted, a search by time may find nothing although newer ones are there.
      const isMissed = found < 0 && newest!.get(partition)!.timestamp >= since;
      const first = isMissed ? oldest : found < 0 ? end : found;
      return { partition, first, end, isCut: oldest > 0 && first - oldest < STRAYS };
    });
  });
  return (await Promise.all(spans)).flat().sort((a, b) => a.partition - b.partition);
}

/** @param spec See `listOffsetsRequest()`. */
async function offsetsOf(
  raw: RawCluster,
  broker: BrokerAddress,
  partitions: readonly TopicPartition[],
  spec: number,
): Promise<Map<number, FoundOffset>> {
  const found = await raw.sendTo(broker, listOffsetsRequest(partitions, spec));
  for (const { errorCode } of found) if (errorCode !== 0) throw errorOfCode(errorCode);
  return new Map(found.map((one) => [one.partition, one]));
}
