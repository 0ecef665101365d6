import { getLogger } from "@logtape/logtape";
import { withAdmin } from "../admin/with_admin.ts";
import { type Cluster, disconnect } from "../client/cluster.ts";
import { type Attempt, explain } from "../errors/explain.ts";
import type { Admin, Consumer, EachBatchPayload, Kafka } from "../client/kafkajs.ts";
import { refusePositionGroup } from "./position_group.ts";
import { whileStarting } from "../errors/retry.ts";
import { patientTimeouts } from "../client/timeouts.ts";

/** One record as it was read. */
export interface ReadRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** ms since the epoch, in digits. */
  readonly timestamp: string;
  readonly offset: string;
  readonly headers?: Readonly<
    Record<string, Uint8Array | string | readonly (Uint8Array | string)[] | undefined>
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
   * Where to begin; for a `group`, only in partitions where it has no offset. Default `now`.
   * A time (ms since the epoch, only without a `group`) is that of the records: each partition
   * begins with its first one that is not older.
   */
  readonly from?: "beginning" | "now" | { readonly time: number };
  /**
   * A consumer group that shares the partitions and keeps its progress: offsets are committed after
   * `handle` returned, so that every record is handled at least once. Default: a group of one's
   * own, which keeps nothing and is deleted at the end.
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
  /** With a `group`: called at each join, with the partitions that are this reader's now. */
  readonly onAssigned?: (partitions: readonly number[]) => void;
  /** Called whenever a broker answered, with records or without: every 250 ms, if all is well. */
  readonly onAnswer?: () => void;
  /** Without a `group`: called once, when all that was there at the start is handled. */
  readonly onCaughtUp?: () => void;
}

const logger = getLogger(["wikitap", "kafka"]);

/**
 * What a consumer takes at once: one answer per broker, of 8 MiB at the most. Compressed records are
 * unpacked in memory, which is bounded for each batch only: see `MOST_UNPACKED`.
 */
const FETCH = {
  minBytes: 1,
  maxBytesPerPartition: 512 * 1024,
  maxBytes: 8 * 1024 * 1024,
  maxWaitTimeInMs: 250,
} as const;

/**
 * Membership, in ms: a reader that blocks (a pager at the end of a pipe) is put out after the
 * session, and then joins again.
 */
const SESSION = { sessionTimeout: 30_000, heartbeatInterval: 2000, rebalanceTimeout: 10_000 };

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
    doing: `read the topic '${topic}'`,
    topic,
    group: groupId,
    rights: ["Read", "Describe"],
  };
  const bounds = await withAdmin(cluster, attempt, async (admin) => {
    const bounds = await whileStarting(cluster, () => topicBounds(admin, topic, options.from));
    // Asks for the coordinator in any case: what is wrong with it comes out here, and at once.
    await whileStarting(cluster, () => refusePositionGroup(admin, groupId));
    return bounds;
  });
  try {
    await new Reader(options, bounds).run(cluster.patient, groupId);
  } catch (error) {
    throw explain(error, { ...attempt, cluster });
  } finally {
    if (group === undefined) await deleteGroup(cluster, groupId);
  }
}

/** Where a reader of committed records begins in a partition, and what is its end for now. */
interface Bounds {
  readonly partition: number;
  readonly first: bigint;
  readonly end: bigint;
}

async function topicBounds(
  admin: Admin,
  topic: string,
  from: ReadOptions["from"] = "now",
): Promise<Bounds[]> {
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

/** One run of `readTopic()`: kafkajs's consumer, the progress, and what ends it. */
class Reader {
  readonly #options: ReadOptions;
  /** By partition, the offset to go on at; only followed for a group of one's own. */
  readonly #next: Map<number, bigint>;
  /** By partition, the end of the topic at the start. */
  readonly #ends: ReadonlyMap<number, bigint>;
  /** How many records may still be handled. */
  #left: number;
  /** Set when nothing more is to be handled. */
  #isOver = false;
  /** Set when all that was there at the start is handled. */
  #hasCaughtUp = false;
  readonly #over = Promise.withResolvers<void>();

  constructor(options: ReadOptions, bounds: readonly Bounds[]) {
    const { maxRecords = Infinity } = options;
    this.#options = options;
    this.#left = maxRecords;
    this.#next = new Map(bounds.map(({ partition, first }) => [partition, first]));
    this.#ends = new Map(bounds.map(({ partition, end }) => [partition, end]));
  }

  async run(kafka: Kafka, groupId: string): Promise<void> {
    const { signal, uncommitted = false } = this.#options;
    this.#checkEnd();
    if (this.#left === 0 || signal?.aborted || this.#isOver) return;
    const consumer = kafka.consumer({
      groupId,
      ...SESSION,
      ...FETCH,
      readUncommitted: uncommitted,
      allowAutoTopicCreation: false,
      // Without this, a consumer that is disconnected while it restarts would go on restarting.
      retry: { ...patientTimeouts.retry, restartOnFailure: () => Promise.resolve(!this.#isOver) },
    });
    const stop = () => this.#end();
    signal?.addEventListener("abort", stop);
    try {
      this.#start(consumer).catch((error) => this.#end(error));
      await this.#over.promise;
    } finally {
      signal?.removeEventListener("abort", stop);
      await disconnect(consumer);
    }
  }

  async #start(consumer: Consumer): Promise<void> {
    const { topic, group, from } = this.#options;
    consumer.on("consumer.crash", ({ payload: { error, restart } }) => {
      if (!restart) this.#end(error);
    });
    consumer.on("consumer.fetch", () => this.#options.onAnswer?.());
    if (group === undefined) this.#followProgress(consumer);
    else {
      consumer.on("consumer.group_join", ({ payload: { memberAssignment } }) => {
        this.#options.onAssigned?.(memberAssignment[topic] ?? []);
      });
    }
    await consumer.connect();
    // A group of one's own begins where it seeks to; if that offset is gone, at the first there is.
    const fromBeginning = group === undefined || from === "beginning";
    await consumer.subscribe({ topics: [topic], fromBeginning });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (payload) => this.#handle(payload),
    });
  }

  #followProgress(consumer: Consumer): void {
    const { topic } = this.#options;
    // At every join kafkajs falls back to committed offsets, of which there are none. It asks for
    // the first records right after this event, so there is no time to wait for anything.
    consumer.on("consumer.group_join", ({ payload: { memberAssignment } }) => {
      for (const partition of memberAssignment[topic] ?? []) {
        const offset = String(this.#next.get(partition) ?? 0n);
        consumer.seek({ topic, partition, offset });
      }
    });
    // Records that are all of aborted transactions, or markers, come to nobody's hand.
    consumer.on("consumer.end_batch_process", ({ payload }) => {
      if (payload.batchSize === 0) {
        this.#advance(payload.partition, BigInt(payload.lastOffset) + 1n);
      }
    });
  }

  async #handle(payload: EachBatchPayload): Promise<void> {
    const { batch, resolveOffset, commitOffsetsIfNecessary, isRunning, isStale } = payload;
    if (this.#isOver || !isRunning() || isStale()) return;
    const { topic, group, handle } = this.#options;
    const { partition } = batch;
    const wanted = this.#wanted(partition, batch.messages);
    const isWhole = wanted.length === batch.messages.length;
    try {
      if (wanted.length > 0) await handle({ partition, records: wanted });
    } catch (error) {
      return this.#end(error);
    }
    this.#left -= wanted.length;
    const last = isWhole ? batch.lastOffset() : wanted.at(-1)?.offset ?? batch.lastOffset();
    const next = BigInt(last) + 1n;
    resolveOffset(last);
    if (group !== undefined) {
      // An error here makes kafkajs join again; what was not committed is handled again.
      const partitions = [{ partition, offset: String(next) }];
      await commitOffsetsIfNecessary({ topics: [{ topic, partitions }] });
    }
    this.#advance(partition, next);
    if (this.#left === 0) this.#end();
  }

  #wanted<R extends ReadRecord>(partition: number, records: readonly R[]): readonly R[] {
    const end = this.#options.toEnd ? this.#ends.get(partition) : undefined;
    const before = end === undefined
      ? records
      : records.filter(({ offset }) => BigInt(offset) < end);
    return before.slice(0, this.#left);
  }

  #advance(partition: number, next: bigint): void {
    if (next > (this.#next.get(partition) ?? 0n)) this.#next.set(partition, next);
    this.#checkEnd();
  }

  #checkEnd(): void {
    if (this.#hasCaughtUp || this.#options.group !== undefined) return;
    this.#hasCaughtUp = [...this.#ends].every(([partition, end]) =>
      (this.#next.get(partition) ?? 0n) >= end
    );
    if (!this.#hasCaughtUp) return;
    if (this.#options.toEnd) this.#end();
    this.#options.onCaughtUp?.();
  }

  #end(error?: unknown): void {
    this.#isOver = true;
    if (error === undefined) this.#over.resolve();
    else this.#over.reject(error);
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
