import { getLogger } from "@logtape/logtape";
import { withAdmin } from "../admin/with_admin.ts";
import { type Cluster, disconnect } from "../client/cluster.ts";
import type { Admin } from "../client/kafkajs.ts";
import { type Attempt, explain } from "../errors/explain.ts";
import { retryWhileNotReady } from "../errors/retry.ts";
import type { FetchedRecord } from "../wire/fetch/fetched_record.ts";
import { TopicConsumer } from "./consumer.ts";
import type { ConsumerOptions, Fetched } from "./consumer_options.ts";
import { refusePositionGroup } from "./position_group.ts";
import { fetchCommitted, Positions } from "./positions.ts";
import { fetchTopicId } from "./same_topic.ts";

/** One record as it was read. */
export interface ReadRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** ms since the epoch, in digits. */
  readonly timestamp: string;
  readonly offset: string;
  readonly headers?: Readonly<
    Record<string, Uint8Array | string | readonly (Uint8Array | string | undefined)[] | undefined>
  >;
}

/** Records of one partition, in order; never none. */
export interface ReadBatch {
  readonly partition: number;
  readonly records: readonly ReadRecord[];
}

/** What is read, from where, and how far. */
export interface ReadOptions {
  readonly topic: string;
  /**
   * Where to begin; for a `group`, only if it has no offset in any partition. Default `now`.
   * A time (ms since the epoch, only without a `group`) is that of the records: each partition
   * begins with its first one that is not older.
   */
  readonly from?: "beginning" | "now" | { readonly time: number };
  /**
   * A consumer group that shares the partitions and keeps its progress: offsets are committed within
   * 250 ms after `handle` returned, so that every record is handled at least once. Default: a group
   * of one's own, which keeps nothing and is deleted at the end.
   */
  readonly group?: string | undefined;
  /** How the name of a group of one's own begins. Default `wikitap-reader`. */
  readonly groupPrefix?: string;
  /** Also records of transactions that are open or were aborted. Default `false`. */
  readonly uncommitted?: boolean;
  /** Without a `group`: stop at what was the end of the topic at the start. Default `false`. */
  readonly toEnd?: boolean;
  /** Stop after so many records. Default: no limit. */
  readonly maxRecords?: number | undefined;
  /** Stop as soon as the batch in hand is handled. */
  readonly signal?: AbortSignal;
  /** Gets the records, a batch at a time; nothing more is fetched meanwhile. */
  readonly handle: (batch: ReadBatch) => void | Promise<void>;
  /** With a `group`: called before offsets are committed. What was handled has to be safe then. */
  readonly onCommit?: () => void | Promise<void>;
  /** With a `group`: called at each join, with the partitions that are this reader's now. */
  readonly onAssigned?: (partitions: readonly number[]) => void;
  /** Called whenever a broker answered, with records or without: every 250 ms, if all is well. */
  readonly onAnswer?: () => void;
  /** Without a `group`: called once, when all that was there at the start is handled. */
  readonly onCaughtUp?: () => void;
}

const logger = getLogger(["wikitap", "kafka"]);

/**
 * Membership, in ms: a reader that blocks (a pager at the end of a pipe) is put out after the
 * session, and then joins again.
 */
const SESSION = { sessionTimeout: 30_000, heartbeatInterval: 2000, rebalanceTimeout: 10_000 };

/** What a fetch takes at most, in bytes: of a partition, and of a broker. */
const FETCH = { maxBytesPerPartition: 1024 * 1024, maxBytes: 4 * 1024 * 1024 };

/** How long after it was handled the offset of a record is committed, in ms. */
const COMMIT_INTERVAL_MS = 250;

/**
 * Reads a topic until its end, a number of records, or `signal`; returns when all that was handled
 * is committed and nothing is left open.
 *
 * By default only committed records are read. Within a partition they come in order, each once; a
 * `group` may get some again after a failure.
 *
 * @throws {UserError} for whatever Kafka refuses: no broker, no topic, no right, a group that holds a
 *   producer's position. Failures that pass are waited out. What `handle` throws comes through.
 */
export async function readTopic(cluster: Cluster, options: ReadOptions): Promise<void> {
  const { topic, group } = options;
  const groupId = group ?? `${options.groupPrefix ?? "wikitap-reader"}-${crypto.randomUUID()}`;
  const attempt: Omit<Attempt, "cluster"> = {
    action: `read the topic '${topic}'`,
    topic,
    group: groupId,
    rights: ["Read", "Describe"],
  };
  const topicId = group === undefined ? undefined : await fetchTopicId(cluster, topic);
  const { bounds, committed } = await withAdmin(cluster, attempt, async (admin) => {
    const bounds = await retryWhileNotReady(() => topicBounds(admin, topic, options.from));
    // Asks for the coordinator in any case: what is wrong with it comes out here, and at once.
    await retryWhileNotReady(() => refusePositionGroup(admin, groupId));
    const committed = group === undefined
      ? undefined
      : await fetchCommitted(admin, { topic, group, topicId });
    return { bounds, committed };
  });
  const positions = new Positions(cluster, attempt, {
    topic,
    group,
    topicId,
    start: new Map(bounds.map(({ partition, first }) => [partition, first])),
    uncommitted: options.uncommitted ?? false,
  });
  try {
    if (committed?.size === 0 && (options.from ?? "now") === "now") {
      logger.info("The group '{group}' has no offsets in '{topic}': it reads new records only", {
        group,
        topic,
      });
    }
    if (committed !== undefined) await positions.begin(committed);
    await new Reader(options, positions, bounds).run(cluster, groupId);
  } catch (error) {
    throw explain(error, { ...attempt, cluster });
  } finally {
    if (group === undefined) await deleteGroup(cluster, groupId);
  }
}

/** Where a reader of committed records begins in a partition, and what is its end for now. */
interface Start {
  readonly partition: number;
  readonly first: bigint;
  readonly end: bigint;
}

async function topicBounds(
  admin: Admin,
  topic: string,
  from: ReadOptions["from"] = "now",
): Promise<Start[]> {
  // Unlike the request for offsets, this one names a topic that is missing without trying again.
  await admin.fetchTopicMetadata({ topics: [topic] });
  const offsets = await admin.fetchTopicOffsets(topic);
  const byTime = typeof from === "object"
    ? await admin.fetchTopicOffsetsByTimestamp(topic, from.time)
    : [];
  return offsets.map(({ partition, low, high }) => {
    const found = byTime.find((other) => other.partition === partition)?.offset ?? high;
    return {
      partition,
      first: BigInt(from === "beginning" ? low : found),
      end: BigInt(high),
    };
  });
}

/** One run of `readTopic()`: what is handled, committed and left, and what ends it. */
class Reader {
  readonly #options: ReadOptions;
  readonly #positions: Positions;
  /** By partition, the end of the topic at the start. */
  readonly #ends: ReadonlyMap<number, bigint>;
  #consumer: TopicConsumer | undefined;
  /** How many records may still be handled. */
  #left: number;
  /** Set when all that was there at the start is handled. */
  #hasCaughtUp = false;
  /** By partition, the offsets that are still to be committed. */
  readonly #uncommitted = new Map<number, bigint>();
  #commitTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ReadOptions, positions: Positions, bounds: readonly Start[]) {
    const { maxRecords = Infinity } = options;
    this.#options = options;
    this.#positions = positions;
    this.#left = maxRecords;
    this.#ends = new Map(bounds.map(({ partition, end }) => [partition, end]));
  }

  async run(cluster: Cluster, groupId: string): Promise<void> {
    const { topic, group, signal, uncommitted, onAssigned, onAnswer } = this.#options;
    if (this.#checkEnd() || this.#left === 0 || signal?.aborted) return;
    const consumer = this.#consumer = new TopicConsumer(cluster, {
      topic,
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

  /** The positions of a group of one's own are known at its first join, and nobody else moves them. */
  #locator(): ConsumerOptions["locate"] {
    const positions = this.#positions;
    let isFirst = this.#options.group === undefined;
    return (partitions, signal) => {
      const areKnown = isFirst && partitions.every((partition) => this.#ends.has(partition));
      isFirst = false;
      return areKnown
        ? new Map(partitions.map((partition) => [partition, positions.next(partition)]))
        : positions.locate(partitions, signal);
    };
  }

  async #handle({ partition, chunks, advance }: Fetched): Promise<void> {
    const consumer = this.#consumer!;
    for (const { records, next } of chunks()) {
      if (consumer.isOver) return;
      const wanted = this.#wanted(partition, records);
      if (wanted.length > 0) await this.#options.handle({ partition, records: wanted });
      this.#left -= wanted.length;
      const last = wanted.at(-1);
      const isWhole = last === undefined || wanted.length === records.length;
      this.#moved(partition, isWhole ? next : BigInt(last.offset) + 1n, advance);
      if (this.#left === 0) consumer.end();
    }
  }

  #wanted(partition: number, records: readonly FetchedRecord[]): readonly FetchedRecord[] {
    const end = this.#options.toEnd ? this.#ends.get(partition) : undefined;
    const before = end === undefined || BigInt(records.at(-1)?.offset ?? 0) < end
      ? records
      : records.filter(({ offset }) => BigInt(offset) < end);
    return before.length <= this.#left ? before : before.slice(0, this.#left);
  }

  #moved(partition: number, next: bigint, advance: (next: bigint) => void): void {
    advance(next);
    this.#positions.moved(partition, next);
    if (this.#options.group !== undefined) {
      this.#uncommitted.set(partition, next);
      this.#commitTimer ??= setTimeout(() => void this.#commit(), COMMIT_INTERVAL_MS);
    }
    if (this.#checkEnd()) this.#consumer?.end();
  }

  /** Whether nothing is left to be read. */
  #checkEnd(): boolean {
    if (this.#hasCaughtUp || this.#options.group !== undefined) return false;
    for (const [partition, end] of this.#ends) {
      if (this.#positions.next(partition) < end) return false;
    }
    this.#hasCaughtUp = true;
    this.#options.onCaughtUp?.();
    return this.#options.toEnd ?? false;
  }

  /** Never rejects: what is not committed is handled again. */
  async #commit(): Promise<void> {
    clearTimeout(this.#commitTimer);
    this.#commitTimer = undefined;
    if (this.#uncommitted.size === 0) return;
    const offsets = new Map(this.#uncommitted);
    this.#uncommitted.clear();
    try {
      await this.#options.onCommit?.();
      await this.#consumer?.commit(offsets, this.#positions.metadata);
    } catch (error) {
      logger.debug("Cannot commit offsets, so that records may come again: {error}", { error });
    }
  }
}

/** A group without a member vanishes by itself some time later, so a failure is no matter. */
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
