import type { Consumer, EachBatchPayload } from "../../../lib/kafka/client/kafkajs.ts";
import { protocolErrorType } from "../../../lib/kafka/errors/explain.ts";
import { FetchedBatch } from "../../../lib/kafka/wire/fetch/fetched_batch.ts";
import type { World } from "../world/world.ts";
import type { Group, Joined } from "./group.ts";
import { type LoggedRecord, type Topic, valueOf } from "./topic.ts";
import type { Wire } from "./wire.ts";

type EachBatch = (payload: EachBatchPayload) => Promise<void>;
type Listener = (event: { readonly payload: unknown }) => void;

/** The times of the membership, in ms, in the form of kafkajs. */
interface Session {
  readonly sessionTimeout: number;
  readonly rebalanceTimeout: number;
  readonly heartbeatInterval: number;
}

/** The maximum number of records of a fetch. */
const MOST_RECORDS = 200;
/** The interval of fetches, in ms. */
const LOOK_EVERY = 200;
/** The wait after a failure, in ms. */
const RETRY_AFTER = 300;
/** The maximum age of the known partitions of the topic, in ms, as the program sets it. */
const METADATA_MAX_AGE = 15_000;
/** Answers of the coordinator after which kafkajs rejoins the group. */
const REJOIN = new Set(["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID"]);

/** The parts that several consumers share. */
export interface Surroundings {
  readonly world: World;
  readonly topic: Topic;
  readonly name: string;
  readonly group: Group;
  readonly wire: Wire;
}

/**
 * The part of kafkajs's consumer that the program uses, with its known defects: a batch that was
 * fetched before a join or a seek is delivered after it, while another batch of the same partition
 * may still be handled. An offset that Kafka does not have is replaced silently. After a lost
 * connection the member continues. A failed join ends the membership, forgets which partitions are
 * paused, and begins a new membership.
 */
export class GroupConsumer {
  readonly #around: Surroundings;
  readonly #session: Session;
  readonly #listeners = new Map<string, Listener>();
  readonly #paused = new Set<number>();
  readonly #seeks = new Map<number, number>();
  /** The next offset to fetch, by partition. */
  #offsets = new Map<number, number>();
  /** The partitions that are being fetched or handled. */
  #busy = new Set<number>();
  /** The last assignment: kafkajs commits with its member id. */
  #joined: Joined | undefined;
  /** Unknown while it joins without one: no heartbeats are sent then. */
  #memberId: string | undefined;
  #heartbeatAt = 0;
  /** The heartbeat on its way, which all callers wait for. */
  #heartbeating: Promise<void> | undefined;
  #isRunning = false;
  /** The number of memberships that ended. Their batches do not run any more. */
  #crashes = 0;
  /** The number of partitions that the group's leader knows, and the time when it was read. */
  #known = 0;
  #refreshedAt = 0;
  /** The reason for a rejoin, or for the end of the consumer. */
  #failure: unknown;
  #handled = 0;
  #concurrency = 1;
  #eachBatch: EachBatch = () => Promise.resolve();

  constructor(around: Surroundings, session: Session) {
    this.#around = around;
    this.#session = session;
  }

  on(name: string, listener: Listener): void {
    this.#listeners.set(name, listener);
  }

  connect(): Promise<void> {
    return Promise.resolve();
  }

  subscribe(): Promise<void> {
    return Promise.resolve();
  }

  run(
    { eachBatch, partitionsConsumedConcurrently = 1 }: Parameters<Consumer["run"]>[0] & object,
  ): Promise<void> {
    this.#eachBatch = eachBatch!;
    this.#concurrency = partitionsConsumedConcurrently;
    this.#isRunning = true;
    void this.#live();
    return Promise.resolve();
  }

  seek({ partition, offset }: { readonly partition: number; readonly offset: string }): void {
    this.#seeks.set(partition, Number(offset));
  }

  pause(topics: readonly { readonly partitions?: readonly number[] }[]): void {
    for (const { partitions = [] } of topics) for (const p of partitions) this.#paused.add(p);
  }

  resume(topics: readonly { readonly partitions?: readonly number[] }[]): void {
    for (const { partitions = [] } of topics) for (const p of partitions) this.#paused.delete(p);
  }

  async disconnect(): Promise<void> {
    this.#isRunning = false;
    while (this.#handled > 0) await pause(50);
    await this.#leave();
  }

  async #live(): Promise<void> {
    let isJoined = false;
    while (this.#isRunning) {
      try {
        if (!isJoined) await this.#join();
        isJoined = true;
        this.#failure = undefined;
        while (this.#isRunning) {
          await this.#heartbeat();
          if (this.#failure !== undefined) throw this.#failure;
          if (this.#hasMorePartitions()) break;
          this.#fetchAll();
          await pause(LOOK_EVERY);
        }
        isJoined = false;
      } catch (error) {
        const type = protocolErrorType(error);
        if (type === "UNKNOWN_MEMBER_ID") this.#memberId = undefined;
        if (type !== undefined && REJOIN.has(type)) {
          isJoined = false;
          this.#emit("consumer.rebalancing", {});
        } else if (isJoined) await pause(RETRY_AFTER);
        else await this.#beginAnew();
      }
    }
  }

  /** Checks every 15 s whether the topic got partitions, after which the consumer rejoins. */
  #hasMorePartitions(): boolean {
    if (performance.now() - this.#refreshedAt < METADATA_MAX_AGE) return false;
    this.#refreshedAt = performance.now();
    return this.#around.topic.partitions.length > this.#known;
  }

  /** Waits for pending batches and joins as another member, as kafkajs does after a crash. */
  async #beginAnew(): Promise<void> {
    this.#crashes++;
    while (this.#handled > 0) await pause(50);
    await this.#leave();
    this.#paused.clear();
    this.#seeks.clear();
    await pause(RETRY_AFTER);
  }

  async #leave(): Promise<void> {
    const { group, wire } = this.#around;
    const id = this.#memberId;
    this.#memberId = undefined;
    if (id !== undefined) await wire.ask("kafka: leave", () => group.leave(id)).catch(() => {});
  }

  async #join(): Promise<void> {
    const { group, wire, world, name } = this.#around;
    const { sessionTimeout, rebalanceTimeout } = this.#session;
    const machine = world.scheduler.current!;
    const answered = Promise.withResolvers<Joined>();
    // There are two answers: the request has arrived, and later, the group is complete.
    await wire.ask(
      "kafka: join",
      () =>
        group.join(this.#memberId, sessionTimeout, rebalanceTimeout, (joined) => {
          world.scheduler.after(1, () => answered.resolve(joined), machine);
        }),
    );
    this.#joined = await answered.promise;
    this.#memberId = this.#joined.memberId;
    this.#offsets = new Map();
    // Fetches and handlers of the previous membership continue during the new one.
    this.#busy = new Set();
    this.#seeks.clear();
    this.#heartbeatAt = performance.now();
    this.#refreshedAt = performance.now();
    this.#known = this.#joined.known;
    this.#emit("consumer.group_join", {
      memberAssignment: { [name]: [...this.#joined.partitions] },
    });
  }

  #heartbeat(): Promise<void> {
    return this.#heartbeating ??= this.#sendHeartbeat().finally(() => {
      this.#heartbeating = undefined;
    });
  }

  async #sendHeartbeat(): Promise<void> {
    const { group, wire } = this.#around;
    const id = this.#memberId;
    if (id === undefined) return;
    if (performance.now() - this.#heartbeatAt < this.#session.heartbeatInterval) return;
    const { generation } = this.#joined!;
    await wire.ask("kafka: heartbeat", () => group.heartbeat(id, generation));
    this.#emit("consumer.heartbeat", {});
    this.#heartbeatAt = performance.now();
  }

  #fetchAll(): void {
    for (const partition of this.#joined!.partitions) {
      if (this.#paused.has(partition) || this.#busy.has(partition)) continue;
      const busy = this.#busy;
      busy.add(partition);
      void this.#fetch(partition).catch((error) => this.#failure ??= error)
        .finally(() => busy.delete(partition));
    }
  }

  async #fetch(partition: number): Promise<void> {
    const { wire, topic, world, name } = this.#around;
    const offset = this.#seeks.get(partition) ?? this.#offsets.get(partition) ?? 0;
    this.#seeks.delete(partition);
    this.#offsets.set(partition, offset);
    const log = topic.partitions[partition]!;
    const fetched = await wire.ask("kafka: fetch", () => {
      const end = log.end(world.scheduler.now);
      const from = offset < log.low || offset > end ? log.low : offset;
      return { from, end, records: log.between(from, end).slice(0, MOST_RECORDS) };
    }).catch(() => undefined);
    if (fetched === undefined || !this.#isRunning) return;
    const { from, end, records } = fetched;
    if (this.#offsets.get(partition) === offset) this.#offsets.set(partition, from);
    if (from === end) return;
    while (this.#handled >= this.#concurrency) await pause(10);
    this.#handled++;
    try {
      await this.#eachBatch(
        this.#payloadOf(new Batch(name, from, { partition, end, records }), partition),
      );
    } finally {
      this.#handled--;
    }
  }

  #payloadOf(batch: FetchedBatch, partition: number): EachBatchPayload {
    const { group, wire } = this.#around;
    const crashes = this.#crashes;
    const payload: Partial<EachBatchPayload> = {
      batch: batch as unknown as EachBatchPayload["batch"],
      isRunning: () => this.#isRunning && this.#crashes === crashes,
      isStale: () => this.#seeks.has(partition),
      heartbeat: () => this.#heartbeat(),
      resolveOffset: (offset) => void this.#offsets.set(partition, Number(offset) + 1),
      commitOffsetsIfNecessary: () => {
        const { memberId, generation } = this.#joined!;
        return wire.ask("kafka: commit", () => group.commit(memberId, generation));
      },
    };
    return payload as EachBatchPayload;
  }

  #emit(name: string, payload: unknown): void {
    this.#listeners.get(name)?.({ payload });
  }
}

/** The result of one fetch, whose records need no decoding. */
class Batch extends FetchedBatch {
  readonly #next: number;
  readonly #records: readonly LoggedRecord[];

  constructor(topic: string, from: number, { partition, end, records }: {
    readonly partition: number;
    readonly end: number;
    readonly records: readonly LoggedRecord[];
  }) {
    super(topic, from, { partition, highWatermark: String(end), messages: [] });
    this.#next = records.length < MOST_RECORDS ? end : records.at(-1)!.offset + 1;
    this.#records = records;
  }

  override *chunks(): ReturnType<FetchedBatch["chunks"]> {
    const records = this.#records.map(({ offset, at }) => ({
      key: null,
      value: valueOf(offset),
      offset: String(offset),
      timestamp: String(Math.floor(at)),
      headers: {},
    }));
    yield { records: records as never, next: this.#next };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
