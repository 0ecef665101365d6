import type { Cluster } from "../../client/cluster.ts";
import { protocolError } from "../../client/kafkajs.ts";
import { openRawCluster, type RawCluster } from "../../client/raw_cluster.ts";
import { explain } from "../../errors/explain.ts";
import { isPassing, isStarting } from "../../errors/retry.ts";
import type { Attempt } from "../../errors/terms.ts";
import { type FetchFrom, type FetchLimits, fetchRequest } from "../../requests/fetch.ts";
import type { BrokerAddress, ClusterMetadata, TopicMetadata } from "../../requests/answers.ts";
import { metadataRequest } from "../../requests/metadata.ts";
import { type FoundOffset, listOffsetsRequest, OffsetSpec } from "../../requests/offsets.ts";
import { FetchedBatch } from "../../wire/fetch/fetched_batch.ts";
import { splitBatches } from "../../wire/fetch/record_set.ts";
import {
  type Bounds,
  partitionKey,
  PartitionMap,
  type TopicPartition,
} from "../../topic_partition.ts";
import { retry } from "../../../shared/retry.ts";

/** The retries after a temporary failure. A dead broker is replaced after 9 s by default. */
const RETRY = { firstWaitMs: 100, maxWaitMs: 1000, limitMs: 15_000 };
/** Bounds of one fetch: the leader answers at once; a larger record batch is returned whole. */
const FETCH_LIMITS = { maxWaitMs: 0, maxBytes: 1_048_576, maxBytesPerPartition: 1_048_576 };

/**
 * Runs work on the leaders of partitions, and disconnects from them.
 *
 * @param attempt Describes the work, for the error message.
 * @throws the failure, explained by `explain()`.
 */
export async function withLeaders<T>(
  cluster: Cluster,
  attempt: Omit<Attempt, "cluster">,
  work: (leaders: Leaders) => Promise<T>,
): Promise<T> {
  try {
    await using leaders = await Leaders.open(cluster);
    return await work(leaders);
  } catch (error) {
    throw explain(error, { ...attempt, cluster });
  }
}

/**
 * The brokers that lead partitions, asked directly: without a consumer group, and for all
 * partitions of a broker at once. Temporary failures are retried for 15 s. Before a leader has
 * answered, a failed connection is not retried: the settings may be wrong, and the user must know
 * at once.
 */
export class Leaders implements AsyncDisposable {
  readonly #raw: RawCluster;
  /** The leaders by `partitionKey()`. */
  readonly #leaders = new Map<string, BrokerAddress>();
  #brokers: readonly BrokerAddress[] = [];
  #hasAnswered = false;

  private constructor(raw: RawCluster) {
    this.#raw = raw;
  }

  /** Connects to one of the brokers. Errors of kafkajs are thrown unchanged. */
  static async open(cluster: Cluster): Promise<Leaders> {
    return new Leaders(await openRawCluster(cluster.quick));
  }

  /** Returns the topics that the user may describe, except Kafka's own. */
  async topics(): Promise<string[]> {
    const { topics } = await this.#raw.send(metadataRequest());
    return topics.filter(({ errorCode, isInternal }) => errorCode === 0 && !isInternal)
      .map(({ topic }) => topic).sort();
  }

  /**
   * Returns the partitions of topics.
   *
   * @throws a protocol error for a topic that does not exist or may not be described.
   */
  async partitions(topics: readonly string[]): Promise<TopicPartition[]> {
    return await retry(
      () => this.refresh(topics),
      (error) => this.#isPassing(error),
      RETRY,
    );
  }

  /** Looks up once which brokers lead the partitions of topics, and returns the partitions. */
  async refresh(topics: readonly string[]): Promise<TopicPartition[]> {
    const metadata = await this.#metadata(topics);
    this.#brokers = metadata.brokers;
    return metadata.topics.flatMap((topic) => this.#note(topic, metadata));
  }

  /**
   * Returns the bounds of partitions.
   *
   * @param committedOnly Whether `high` is before the first record of an open transaction.
   * @throws a protocol error of the first partition that fails.
   */
  async bounds(
    partitions: readonly TopicPartition[],
    committedOnly: boolean,
  ): Promise<PartitionMap<Bounds>> {
    const [lows, highs] = await Promise.all([
      this.#offsets(partitions, OffsetSpec.earliest, committedOnly),
      this.#offsets(partitions, OffsetSpec.latest, committedOnly),
    ]);
    return new PartitionMap(partitions.map((at) => [at, {
      low: BigInt(lows.get(at)!.offset),
      high: BigInt(highs.get(at)!.offset),
    }]));
  }

  /**
   * Returns the first offset of each partition with a record at or after a time; the end if there
   * is none. After records were deleted, Kafka's search may find nothing although newer records
   * exist (seen on Kafka 4.2). Then it returns the first offset, and the reader must check the
   * times.
   *
   * @param time ms since 1970.
   * @throws a protocol error of the first partition that fails.
   */
  async firstSince(
    bounds: PartitionMap<Bounds>,
    time: number,
    committedOnly: boolean,
  ): Promise<PartitionMap<bigint>> {
    const partitions = [...bounds].map(([at]) => at);
    const found = await this.#offsets(partitions, time, committedOnly);
    const without = partitions.filter((at) => found.get(at)!.offset < 0);
    const newest = await this.#offsets(without, OffsetSpec.maxTimestamp, committedOnly);
    return new PartitionMap([...bounds].map(([at, { low, high }]) => {
      const { offset } = found.get(at)!;
      if (offset >= 0) return [at, BigInt(offset)];
      return [at, newest.get(at)!.timestamp >= time ? low : high];
    }));
  }

  async #offsets(
    partitions: readonly TopicPartition[],
    spec: number,
    committedOnly: boolean,
  ): Promise<PartitionMap<FoundOffset>> {
    return await this.#ask(partitions, async () => {
      const led = Map.groupBy(partitions, (at) => this.#leaderOf(at));
      const answers = await Promise.all(
        [...led].map(([leader, partitions]) =>
          this.#raw.sendTo(leader, listOffsetsRequest(partitions, spec, committedOnly))
        ),
      );
      const found = answers.flat();
      for (const { errorCode, topic } of found) {
        if (errorCode !== 0) throw protocolError(errorCode, topic);
      }
      return new PartitionMap(found.map((one) => [one, one]));
    });
  }

  /**
   * Fetches about 1 MiB of a partition's records from an offset on.
   *
   * @throws a protocol error; `UnreadableRecords` for anything that is not a record batch.
   */
  async fetch(
    { topic, partition }: TopicPartition,
    offset: bigint,
    committedOnly: boolean,
  ): Promise<FetchedBatch> {
    const limits = { ...FETCH_LIMITS, committedOnly };
    const from = [{ partition, offset }];
    return await this.#ask([{ topic, partition }], async () => {
      const [batch] = await this.fetchOnce(topic, from, limits);
      if (batch === undefined) throw protocolError(LEADER_NOT_AVAILABLE, topic);
      return batch;
    });
  }

  /**
   * Fetches once from all leaders of partitions of a topic, at the same time.
   *
   * @throws a protocol error of the first partition that fails; `UnreadableRecords` for what is no
   * record batch.
   */
  async fetchOnce(
    topic: string,
    from: readonly FetchFrom[],
    limits: FetchLimits,
  ): Promise<FetchedBatch[]> {
    const offsets = new Map(from.map(({ partition, offset }) => [partition, offset]));
    const led = Map.groupBy(from, ({ partition }) => this.#leaderOf({ topic, partition }));
    const answers = await Promise.all(
      [...led].map(([leader, from]) => this.#raw.sendTo(leader, fetchRequest(topic, from, limits))),
    );
    return answers.flat().map(({ partition, errorCode, records, ...fetched }) => {
      if (errorCode !== 0) throw protocolError(errorCode, topic);
      return new FetchedBatch(topic, offsets.get(partition)!, {
        partition,
        highWatermark: String(fetched.highWatermark),
        abortedTransactions: fetched.abortedTransactions,
        messages: splitBatches(records),
      });
    });
  }

  /** Disconnects from all brokers; never throws. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#raw.close();
  }

  /** Runs work on leaders. After a temporary failure, they are looked up again. */
  async #ask<T>(partitions: readonly TopicPartition[], work: () => Promise<T>): Promise<T> {
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    let isRetry = false;
    return await retry(
      async () => {
        if (isRetry) await this.refresh(topics);
        isRetry = true;
        const result = await work();
        this.#hasAnswered = true;
        return result;
      },
      (error) => this.#isPassing(error),
      RETRY,
    );
  }

  /** Runs work on the first broker or, if it has died, on another one. */
  async #metadata(topics: readonly string[]): Promise<ClusterMetadata> {
    try {
      return await this.#raw.send(metadataRequest(topics));
    } catch (error) {
      for (const broker of isPassing(error) ? this.#brokers : []) {
        const sent = this.#raw.sendTo(broker, metadataRequest(topics));
        const metadata = await sent.catch(() => undefined);
        if (metadata !== undefined) return metadata;
      }
      throw error;
    }
  }

  #isPassing(error: unknown): boolean {
    return isStarting(error) || (this.#hasAnswered && isPassing(error));
  }

  #leaderOf(at: TopicPartition): BrokerAddress {
    const leader = this.#leaders.get(partitionKey(at));
    if (leader === undefined) throw protocolError(LEADER_NOT_AVAILABLE, at.topic);
    return leader;
  }

  /** Remembers the leaders of a topic's partitions, and returns the partitions. */
  #note(
    { topic, partitions, errorCode }: TopicMetadata,
    { brokers }: ClusterMetadata,
  ): TopicPartition[] {
    if (errorCode !== 0) throw protocolError(errorCode, topic);
    return partitions.map(({ partition, leader }) => {
      const at = { topic, partition };
      const broker = brokers.find(({ id }) => id === leader);
      if (broker === undefined) this.#leaders.delete(partitionKey(at));
      else this.#leaders.set(partitionKey(at), broker);
      return at;
    });
  }
}

/** Kafka's error code for a partition without a leader. */
const LEADER_NOT_AVAILABLE = 5;
