import { getLogger } from "@logtape/logtape";
import { type Cluster, disconnect } from "../client/cluster.ts";
import type { Consumer, EachBatchPayload } from "../client/kafkajs.ts";
import { patientTimeouts } from "../client/timeouts.ts";
import { FetchedBatch } from "../wire/fetch/fetched_batch.ts";
import { subscribedAssignor } from "./assignor.ts";
import type { ConsumerOptions, FetchedChunk, Offsets } from "./consumer_options.ts";
import { Heartbeats } from "./heartbeats.ts";
import { byTopic, PartitionMap, type TopicPartition } from "../topic_partition.ts";
import { SameTopic } from "./same_topic.ts";

/** How long a fetch waits for the first record, in ms. */
const MAX_WAIT_MS = 250;

/** The maximum age of a topic's metadata, in ms: new partitions are discovered after that. */
const METADATA_MAX_AGE_MS = 15_000;

/** After this many unexpected fetches in a row, locating the partition again does not help. */
const MAX_STRAYS = 20;

const logger = getLogger(["wikitap", "kafka"]);

/**
 * A member of a consumer group that reads topics, around kafkajs's consumer. The invariants:
 *
 * - A partition is read only from the offset that `locate` returns: after every join, after a crash
 *   of kafkajs's consumer, and if Kafka does not have an offset. kafkajs alone would silently
 *   choose another offset.
 * - The records that `handle` gets of a partition follow the last advance without a gap.
 * - Offsets are committed only by {@linkcode TopicConsumer.commit}.
 */
export class TopicConsumer {
  readonly #options: ConsumerOptions;
  readonly #consumer: Consumer;
  readonly #sameTopic: SameTopic;
  readonly #over = Promise.withResolvers<void>();
  /** The offset that is fetched next, for each located partition. */
  readonly #next = new PartitionMap<bigint>();
  /** Aborted when the member joins again, and at the end. */
  #membership = new AbortController();
  #isOver = false;
  /** Calls of `handle` that have not returned. */
  #pending = 0;
  /** Consecutive fetches that returned other records than those that were due. */
  #strays = 0;
  /** From the last batch: only this way of kafkajs does not end the consumer if it fails. */
  #commit: EachBatchPayload["commitOffsetsIfNecessary"] | undefined;

  constructor(cluster: Cluster, options: ConsumerOptions) {
    this.#options = options;
    this.#sameTopic = new SameTopic(cluster, options.topics, (error) => this.end(error));
    this.#consumer = cluster.patient.consumer({
      ...options.session,
      groupId: options.groupId,
      minBytes: 1,
      maxBytesPerPartition: options.maxBytesPerPartition ?? 1024 * 1024,
      maxBytes: options.maxBytes ?? 4 * 1024 * 1024,
      maxWaitTimeInMs: MAX_WAIT_MS,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      partitionAssigners: [subscribedAssignor],
      readUncommitted: options.uncommitted ?? false,
      allowAutoTopicCreation: false,
      // Without this, a consumer that is disconnected while it restarts would keep restarting.
      retry: { ...patientTimeouts.retry, restartOnFailure: () => Promise.resolve(!this.#isOver) },
    });
  }

  /** Whether {@linkcode TopicConsumer.end} was called: nothing more is handled. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Calls of `handle` that have not returned; after `close()`, those that were abandoned. */
  get pending(): number {
    return this.#pending;
  }

  /**
   * Consumes until {@linkcode TopicConsumer.end}. Rejects with its error, or the last of kafkajs.
   */
  async run(): Promise<void> {
    this.#start().catch((error) => this.end(error));
    await this.#over.promise;
  }

  /** Ends {@linkcode TopicConsumer.run} at once, with `error` if there is one. */
  end(error?: unknown): void {
    this.#isOver = true;
    if (error === undefined) this.#over.resolve();
    else this.#over.reject(error);
  }

  /**
   * Leaves the group and disconnects. Pending batches may be finished before, within the limit of
   * `disconnect()`.
   *
   * @param last Done before, within the same limit. Its failure is ignored.
   */
  async close(last: Promise<unknown> = Promise.resolve()): Promise<void> {
    this.#isOver = true;
    const closed = last.catch(() => {}).then(() => this.#consumer.disconnect());
    await Promise.all([
      disconnect({ disconnect: () => closed }),
      this.#sameTopic[Symbol.asyncDispose](),
    ]);
    this.#membership.abort();
  }

  /** Locates partitions again. They are paused meanwhile. */
  relocate(partitions: readonly TopicPartition[]): void {
    const { locate } = this.#options;
    const { signal } = this.#membership;
    for (const partition of partitions) this.#next.delete(partition);
    try {
      const located = locate(partitions, signal);
      if (!(located instanceof Promise)) return this.#seek(located);
      this.pause(partitions);
      located.then((offsets) => {
        if (signal.aborted || this.#isOver) return;
        this.#seek(offsets);
        this.#consumer.resume(byTopic([...offsets].map(([at]) => at)));
      }).catch((error) => {
        if (!signal.aborted) this.end(error);
      });
    } catch (error) {
      this.end(error);
    }
  }

  /** Stops fetching partitions until they are located again. */
  pause(partitions: readonly TopicPartition[]): void {
    if (partitions.length > 0) this.#consumer.pause(byTopic(partitions));
  }

  /**
   * Commits offsets of the group to Kafka, once something was handled.
   *
   * @param metadata Returns what is committed with the offsets of a topic. Default: nothing.
   * @throws a protocol error if this member was removed from the group; connection errors.
   */
  async commit(offsets: Offsets, metadata: (topic: string) => string = () => ""): Promise<void> {
    if (this.#commit === undefined || offsets.size === 0) return;
    const topics = [...Map.groupBy(offsets, ([{ topic }]) => topic)].map(([topic, of]) => ({
      topic,
      partitions: of.map(([{ partition }, offset]) => ({
        partition,
        offset: String(offset),
        metadata: metadata(topic),
      })),
    }));
    await this.#commit({ topics });
  }

  async #start(): Promise<void> {
    const { topics, concurrency = 1, onAnswer, onLeave, onHeartbeat } = this.#options;
    const consumer = this.#consumer;
    consumer.on("consumer.crash", ({ payload: { error, restart } }) => {
      if (!restart) this.end(error);
    });
    consumer.on("consumer.fetch", () => onAnswer?.());
    consumer.on("consumer.heartbeat", () => onHeartbeat?.());
    consumer.on("consumer.rebalancing", () => onLeave?.());
    consumer.on("consumer.group_join", ({ payload: { memberAssignment } }) => {
      this.#onJoin(
        topics.flatMap((topic) =>
          (memberAssignment[topic] ?? []).map((partition) => ({ topic, partition }))
        ),
      );
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: concurrency,
      eachBatch: (payload) => this.#handle(payload),
    });
  }

  /**
   * kafkajs fetches right after this. So partitions must be located or paused before it returns.
   */
  #onJoin(assigned: readonly TopicPartition[]): void {
    this.#membership.abort();
    this.#membership = new AbortController();
    this.#next.clear();
    const { partitions, onJoin } = this.#options;
    const isRead = ({ partition }: TopicPartition) => partitions?.includes(partition) ?? true;
    const read = assigned.filter(isRead);
    onJoin?.(read);
    void this.#sameTopic.check();
    this.pause(assigned.filter((at) => !isRead(at)));
    this.relocate(read);
  }

  #seek(offsets: Offsets): void {
    for (const [at, next] of offsets) {
      this.#next.set(at, next);
      this.#consumer.seek({ ...at, offset: String(next) });
    }
  }

  async #handle(payload: EachBatchPayload): Promise<void> {
    const { isRunning, isStale, heartbeat, resolveOffset, commitOffsetsIfNecessary } = payload;
    const batch = fetchedBatchOf(payload);
    const { topic, partition } = batch;
    const due = this.#next.get(batch);
    if (due === undefined || this.#isOver || !isRunning() || isStale()) return;
    this.#commit = commitOffsetsIfNecessary;
    using heartbeats = new Heartbeats(heartbeat, this.#membership.signal);
    this.#pending++;
    try {
      if (BigInt(batch.fetchedOffset) !== due) return this.#onStray(batch, due);
      this.#strays = 0;
      await this.#options.handle({
        topic,
        partition,
        end: BigInt(batch.highWatermark),
        chunks: (mostRecords) => chunksOf(batch, mostRecords),
        advance: (next) => {
          // A batch of an earlier membership must not move the new one.
          heartbeats.signal.throwIfAborted();
          this.#next.set(batch, next);
          resolveOffset(String(next - 1n));
        },
        signal: heartbeats.signal,
        heartbeat: () => heartbeats.send(),
      });
    } catch (error) {
      if (!heartbeats.signal.aborted) this.end(error);
    } finally {
      this.#pending--;
      batch.release();
    }
    if (heartbeats.refusal !== undefined) throw heartbeats.refusal;
  }

  /**
   * Handles records other than those that are due: the fetch was sent before the last join, or the
   * offset is out of range and kafkajs chose another one by itself.
   */
  #onStray({ topic, partition, fetchedOffset }: FetchedBatch, due: bigint): void {
    logger.debug("Partition {partition}: records at {fetchedOffset}, expected those at {due}", {
      topic,
      partition,
      fetchedOffset,
      due,
    });
    if (++this.#strays > MAX_STRAYS) {
      throw new Error(
        `Cannot continue reading: Kafka returned offset ${fetchedOffset}, expected ${due}`,
      );
    }
    this.relocate([{ topic, partition }]);
  }
}

/** kafkajs's types lack the class that replaces its own. */
function fetchedBatchOf({ batch }: EachBatchPayload): FetchedBatch {
  const fetched: unknown = batch;
  if (fetched instanceof FetchedBatch) return fetched;
  throw new Error("Cannot read a batch of kafkajs: kafkajs was loaded before its replacements");
}

function* chunksOf(batch: FetchedBatch, mostRecords?: number): Generator<FetchedChunk> {
  for (const { records, next } of batch.chunks(mostRecords)) yield { records, next: BigInt(next) };
}
