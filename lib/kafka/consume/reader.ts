import { getLogger } from "@logtape/logtape";
import { withAdmin } from "../admin/with_admin.ts";
import { type Cluster, disconnect } from "../client/cluster.ts";
import { explain } from "../errors/explain.ts";
import { retryWhileNotReady } from "../errors/retry.ts";
import type { FetchedRecord } from "../wire/fetch/fetched_record.ts";
import { TopicConsumer } from "./consumer.ts";
import type { ConsumerOptions, Fetched } from "./consumer_options.ts";
import { withLeaders } from "./direct/leaders.ts";
import { PartitionMap, type TopicPartition } from "../topic_partition.ts";
import { refusePositionGroup } from "./position_group.ts";
import { fetchCommitted, Positions } from "./positions.ts";
import type { ReadOptions, ReadRecord } from "./read_options.ts";
import { temporaryGroup } from "./temporary_group.ts";
import { fetchTopicIds } from "./same_topic.ts";
import { findStarts, readAttempt, type Start } from "./direct/starts.ts";

const logger = getLogger(["wikitap", "kafka"]);

/**
 * The membership, in ms. A blocked reader (a pager at the end of a pipe) is removed from the group
 * after the session timeout, and joins again later.
 */
const SESSION = { sessionTimeout: 30_000, heartbeatInterval: 2000, rebalanceTimeout: 10_000 };

/** Maximum size of a fetch in bytes: from a partition, and from a broker. Two are in memory. */
const FETCH = { maxBytesPerPartition: 1024 * 1024, maxBytes: 3 * 1024 * 1024 };

/**
 * Maximum number of records that are decoded at a time. They die young: with more, most of V8's work
 * would be to keep them alive.
 */
const CHUNK_RECORDS = 1000;

/** How long after it was handled the offset of a record is committed, in ms. */
const COMMIT_INTERVAL_MS = 250;

/**
 * Reads topics until their end, a number of records, or `signal`. Returns when the offsets of all
 * handled records are committed and all connections are closed.
 *
 * By default only committed records are read. Each record of a partition comes once, in order. A
 * `group` may get some records again after a failure.
 *
 * @throws {UserError} for a missing broker, topic or permission, and for a group that holds a
 *   producer's position. Temporary failures are retried. Errors of `handle` are thrown unchanged.
 */
export async function readTopic(cluster: Cluster, options: ReadOptions): Promise<void> {
  const { group, uncommitted = false } = options;
  const topics = [options.topic].flat();
  const groupId = group ?? temporaryGroup(options.groupPrefix ?? "wikitap-reader");
  const attempt = { ...readAttempt(topics), group: groupId };
  const topicIds = group === undefined ? new Map() : await fetchTopicIds(cluster, topics);
  const starts = await withLeaders(
    cluster,
    attempt,
    (leaders) => findStarts(leaders, { ...options, topics }),
  );
  const newTopics = await withAdmin(cluster, attempt, async (admin) => {
    // Names the brokers, one of which is the coordinator: kafkajs would wait 100 ms before it asks.
    await retryWhileNotReady(() => admin.fetchTopicMetadata({ topics }));
    // Looks up the coordinator in any case, so that its failures are reported here, and at once.
    await retryWhileNotReady(() => refusePositionGroup(admin, groupId));
    if (group === undefined) return [];
    const committed = await retryWhileNotReady(() =>
      fetchCommitted(admin, { topics, group, topicIds })
    );
    const known = new Set([...committed].map(([{ topic }]) => topic));
    return topics.filter((topic) => !known.has(topic));
  });
  const positions = new Positions(cluster, attempt, {
    group,
    topicIds,
    start: new PartitionMap([...starts].map(([at, { first }]) => [at, first])),
    uncommitted,
  });
  try {
    if ((options.from ?? "now") === "now") {
      for (const topic of newTopics) {
        logger.info("The group '{group}' has no offsets in '{topic}': it reads new records only", {
          group,
          topic,
        });
      }
    }
    await positions.begin(newTopics);
    await new Reader({ ...options, topics }, positions, starts).run(cluster, groupId);
  } catch (error) {
    throw explain(error, { ...attempt, cluster });
  } finally {
    if (group === undefined) await deleteGroup(cluster, groupId);
  }
}

interface ReaderOptions extends ReadOptions {
  readonly topics: readonly string[];
}

/** One run of `readTopic()`: its progress and its end. */
class Reader {
  readonly #options: ReaderOptions;
  readonly #positions: Positions;
  /** The end of each partition at the start. */
  readonly #ends: PartitionMap<bigint>;
  #consumer: TopicConsumer | undefined;
  /** The number of records that may still be handled. */
  #left: number;
  /** Whether all records that existed at the start are handled. */
  #hasCaughtUp = false;
  /** The offsets that are not committed yet. */
  readonly #uncommitted = new PartitionMap<bigint>();
  #commitTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ReaderOptions, positions: Positions, starts: PartitionMap<Start>) {
    const { maxRecords = Infinity } = options;
    this.#options = options;
    this.#positions = positions;
    this.#left = maxRecords;
    this.#ends = new PartitionMap([...starts].map(([at, { high }]) => [at, high]));
  }

  async run(cluster: Cluster, groupId: string): Promise<void> {
    const { topics, partitions, group, signal, uncommitted, onAssigned, onAnswer } = this.#options;
    if (this.#checkEnd() || this.#left === 0 || signal?.aborted) return;
    const consumer = this.#consumer = new TopicConsumer(cluster, {
      topics,
      partitions,
      groupId,
      session: SESSION,
      ...FETCH,
      uncommitted: uncommitted ?? false,
      locate: this.#locator(),
      handle: (fetched) => this.#handle(fetched),
      onJoin: (partitions) => {
        this.#uncommitted.clear();
        this.#positions.forget();
        if (group !== undefined) onAssigned?.(partitions);
      },
      onLeave: () => void this.#commit(),
      onAnswer: () => onAnswer?.(),
    });
    const stop = () => consumer.end();
    signal?.addEventListener("abort", stop);
    try {
      await consumer.run();
    } finally {
      signal?.removeEventListener("abort", stop);
      clearTimeout(this.#commitTimer);
      await consumer.close(this.#commit());
    }
  }

  /** A temporary group has one member: its positions are known at the first join. */
  #locator(): ConsumerOptions["locate"] {
    const positions = this.#positions;
    let isFirst = this.#options.group === undefined;
    return (partitions, signal) => {
      const areKnown = isFirst && partitions.every((at) => this.#ends.has(at));
      isFirst = false;
      return areKnown
        ? new PartitionMap(partitions.map((at) => [at, positions.next(at)]))
        : positions.locate(partitions, signal);
    };
  }

  async #handle(fetched: Fetched): Promise<void> {
    const consumer = this.#consumer!;
    for (const { records, next } of fetched.chunks(CHUNK_RECORDS)) {
      if (consumer.isOver || this.#isDone(fetched)) return;
      const wanted = await this.#wanted(fetched, records);
      const handled = wanted.slice(0, this.#left);
      if (handled.length > 0) await this.#options.handle({ ...at(fetched), records: handled });
      this.#left -= handled.length;
      const isWhole = handled.length === wanted.length;
      this.#moved(fetched, isWhole ? next : BigInt(handled.at(-1)!.offset) + 1n);
      if (this.#left === 0) consumer.end();
    }
  }

  /** Returns the selected records before the end. */
  async #wanted(
    fetched: Fetched,
    records: readonly FetchedRecord[],
  ): Promise<readonly ReadRecord[]> {
    const end = this.#options.toEnd ? this.#ends.get(fetched) : undefined;
    const before = end === undefined || BigInt(records.at(-1)?.offset ?? 0) < end
      ? records
      : records.filter(({ offset }) => BigInt(offset) < end);
    return before.length === 0 ? before : await this.#options.select?.(before) ?? before;
  }

  #moved(fetched: Fetched, next: bigint): void {
    fetched.advance(next);
    this.#positions.moved(fetched, next);
    if (this.#options.group !== undefined) {
      this.#uncommitted.set(fetched, next);
      this.#commitTimer ??= setTimeout(() => void this.#commit(), COMMIT_INTERVAL_MS);
    }
    if (this.#checkEnd()) this.#consumer?.end();
    else if (this.#isDone(fetched)) this.#consumer?.pause([at(fetched)]);
  }

  /** Returns whether a partition was read to its end. */
  #isDone(at: TopicPartition): boolean {
    const { toEnd, group } = this.#options;
    if (!toEnd || group !== undefined) return false;
    const end = this.#ends.get(at);
    return end !== undefined && this.#positions.next(at) >= end;
  }

  /** Returns whether everything was read. */
  #checkEnd(): boolean {
    if (this.#hasCaughtUp || this.#options.group !== undefined) return false;
    for (const [at, end] of this.#ends) if (this.#positions.next(at) < end) return false;
    this.#hasCaughtUp = true;
    this.#options.onCaughtUp?.();
    return this.#options.toEnd ?? false;
  }

  /** Never rejects: records whose offsets are not committed are handled again. */
  async #commit(): Promise<void> {
    clearTimeout(this.#commitTimer);
    this.#commitTimer = undefined;
    if (this.#uncommitted.size === 0) return;
    const offsets = new PartitionMap(this.#uncommitted);
    this.#uncommitted.clear();
    try {
      await this.#options.onCommit?.();
      await this.#consumer?.commit(offsets, (topic) => this.#positions.metadata(topic));
    } catch (error) {
      logger.debug("Cannot commit offsets, so that records may come again: {error}", { error });
    }
  }
}

/** Returns only the topic and the partition of an object. */
function at({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition };
}

/** A failure does not matter: Kafka deletes a group without members after some time. */
async function deleteGroup(cluster: Cluster, groupId: string): Promise<void> {
  const admin = cluster.quick.admin();
  try {
    await admin.connect();
    await admin.deleteGroups([groupId]);
  } catch (error) {
    logger.debug("Cannot delete the group {groupId}: {error}", { groupId, error });
  } finally {
    await disconnect(admin);
  }
}
