import type { Cluster } from "../../client/cluster.ts";
import { protocolError } from "../../client/kafkajs.ts";
import { openRawCluster, type RawCluster } from "../../client/raw_cluster.ts";
import { explain } from "../../errors/explain.ts";
import { isPassing, isStarting } from "../../errors/retry.ts";
import type { Attempt } from "../../errors/terms.ts";
import { fetchRequest } from "../../requests/fetch.ts";
import {
  type BrokerAddress,
  type ClusterMetadata,
  metadataRequest,
  type TopicMetadata,
} from "../../requests/metadata.ts";
import { listOffsetsRequest, partitionKey, type TopicPartition } from "../../requests/offsets.ts";
import { FetchedBatch } from "../../wire/fetch/fetched_batch.ts";
import { splitBatches } from "../../wire/fetch/record_set.ts";
import { PartitionMap } from "../partition_map.ts";
import { retry } from "../../../shared/retry.ts";

/** Retries after a failure that passes. A dead broker is replaced after 9 s by default. */
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
  let raw: RawCluster | undefined;
  try {
    raw = await openRawCluster(cluster.quick);
    return await work(new Leaders(raw));
  } catch (error) {
    throw explain(error, { ...attempt, cluster });
  } finally {
    await raw?.close();
  }
}

/**
 * The brokers that lead partitions, asked directly: without a consumer group, and for all partitions
 * of a broker at once. Failures that pass are waited out for 15 s. Before a leader has answered, a
 * failed connection is none of them: the settings may be wrong, and the user needs to know at once.
 */
export class Leaders {
  readonly #raw: RawCluster;
  /** By `partitionKey()`. */
  readonly #leaders = new Map<string, BrokerAddress>();
  #hasAnswered = false;

  /** @param raw Connected to one of the brokers. */
  constructor(raw: RawCluster) {
    this.#raw = raw;
  }

  /** Returns the topics that the user may describe, but for Kafka's own. */
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
      async () => {
        const metadata = await this.#raw.send(metadataRequest(topics));
        return metadata.topics.flatMap((topic) => this.#note(topic, metadata));
      },
      (error) => this.#isPassing(error),
      RETRY,
    );
  }

  /**
   * Returns an offset of each partition, -1 if no record matches.
   *
   * @param spec A value of `OffsetSpec`, or a time in ms: the first record at or after it.
   * @param committedOnly Ends at the first record of an open transaction.
   * @throws a protocol error of the first partition that fails.
   */
  async offsets(
    partitions: readonly TopicPartition[],
    spec: number,
    committedOnly: boolean,
  ): Promise<PartitionMap<bigint>> {
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
      return new PartitionMap(found.map((one) => [one, BigInt(one.offset)]));
    });
  }

  /**
   * Fetches about 1 MiB of a partition's records from an offset on.
   *
   * @throws a protocol error; `UnreadableRecords` for what is no record batch.
   */
  async fetch(at: TopicPartition, from: bigint, committedOnly: boolean): Promise<FetchedBatch> {
    return await this.#ask([at], async () => {
      const { topic, partition } = at;
      const request = fetchRequest(topic, [{ partition, offset: from }], {
        ...FETCH_LIMITS,
        committedOnly,
      });
      const [fetched] = await this.#raw.sendTo(this.#leaderOf(at), request);
      if (fetched === undefined) throw protocolError(LEADER_NOT_AVAILABLE, topic);
      if (fetched.errorCode !== 0) throw protocolError(fetched.errorCode, topic);
      return new FetchedBatch(at.topic, from, {
        partition: at.partition,
        highWatermark: String(fetched.highWatermark),
        abortedTransactions: fetched.abortedTransactions,
        messages: splitBatches(fetched.records),
      });
    });
  }

  /** Does what leaders are needed for. After a failure that passes, they are looked up anew. */
  async #ask<T>(partitions: readonly TopicPartition[], work: () => Promise<T>): Promise<T> {
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    let isRetry = false;
    return await retry(
      async () => {
        if (isRetry) {
          const metadata = await this.#raw.send(metadataRequest(topics));
          for (const topic of metadata.topics) this.#note(topic, metadata);
        }
        isRetry = true;
        const result = await work();
        this.#hasAnswered = true;
        return result;
      },
      (error) => this.#isPassing(error),
      RETRY,
    );
  }

  #isPassing(error: unknown): boolean {
    return isStarting(error) || (this.#hasAnswered && isPassing(error));
  }

  #leaderOf(at: TopicPartition): BrokerAddress {
    const leader = this.#leaders.get(partitionKey(at));
    if (leader === undefined) throw protocolError(LEADER_NOT_AVAILABLE, at.topic);
    return leader;
  }

  /** Remembers who leads the partitions of a topic, and returns these. */
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

/** Kafka's error code of a partition without a leader. */
const LEADER_NOT_AVAILABLE = 5;
