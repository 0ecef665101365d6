import { getLogger } from "@logtape/logtape";
import { type JsonValues, jsonValues } from "../../avro/json_values.ts";
import { UserError } from "../../shared/error.ts";
import { assignedText } from "../../kafka/consume/assigned.ts";
import { disconnect } from "../../kafka/client/cluster.ts";
import type {
  Admin,
  Consumer,
  EachBatchPayload,
  KafkaMessage,
} from "../../kafka/client/kafkajs.ts";
import { fetchedOffset } from "../../kafka/client/offsets.ts";
import { claimPartitions } from "./claims.ts";
import { Heartbeats } from "./heartbeats.ts";
import type { StoreOptions } from "./options.ts";
import type { Outage } from "./outage.ts";
import { persist } from "./patience.ts";
import { toRows } from "../rows.ts";
import { type Claim, NO_ROWS } from "../sink.ts";

/** How often the group's offsets in Kafka are brought up to date, for tools that show lag (ms). */
const HINT_EVERY = 2000;

/** How often the sink is asked to make durable what has waited long enough (ms). */
const FLUSH_EVERY = 1000;

/** Then something is wrong that claiming anew does not put right. */
const MOST_STRAYS = 20;

const logger = getLogger(["wikitap", "store"]);

/** What a member works with. */
export interface MemberParts {
  /** The topic's number in the database. */
  readonly topicId: number;
  /** Connected before {@linkcode Member.run}. */
  readonly admin: Admin;
  readonly consumer: Consumer;
  readonly outage: Outage;
  /** Whether a failure of Kafka is one that a retry would not cure. */
  readonly isFatal: (error: unknown) => boolean;
}

/** A partition that this member may write. */
interface Held {
  claim: Claim;
  /** The offset that is fetched next: `claim.next`, or beyond it where there were no records. */
  reached: bigint;
  /** The last move of the offset past what holds no records. */
  moved: Promise<void>;
}

/**
 * One member of the group. The invariants:
 *
 * - A partition is read only once it is claimed: every join pauses what is assigned, asks the
 *   database where to go on, and seeks there. kafkajs by itself would begin at Kafka's own offsets.
 * - Each write is bound to the claim and to the offset that this member wrote last, so one that was
 *   put out of the group without knowing writes nothing.
 * - kafkajs moves on only after the write.
 */
export class Member {
  /** Set when nothing more is to be handled. */
  isOver = false;
  readonly #options: StoreOptions;
  readonly #readable: JsonValues;
  readonly #topicId: number;
  readonly #admin: Admin;
  readonly #consumer: Consumer;
  readonly #outage: Outage;
  readonly #isFatal: MemberParts["isFatal"];
  readonly #over = Promise.withResolvers<void>();
  readonly #held = new Map<number, Held>();
  /** Aborted when the member joins anew, and at the end. */
  #membership = new AbortController();
  /** How many records may still be taken. */
  #left: number;
  /** Batches that are being written. */
  #inHand = 0;
  #isFlushing = false;
  /** Times in a row that Kafka gave other records than those that were due. */
  #strays = 0;
  /** Commits offsets to Kafka; from the last batch, since only there kafkajs offers a harmless way. */
  #commit: EachBatchPayload["commitOffsetsIfNecessary"] | undefined;

  constructor(options: StoreOptions, { topicId, admin, consumer, outage, isFatal }: MemberParts) {
    this.#options = options;
    this.#readable = options.readable ?? jsonValues(undefined);
    this.#topicId = topicId;
    this.#admin = admin;
    this.#consumer = consumer;
    this.#outage = outage;
    this.#isFatal = isFatal;
    this.#left = options.maxRecords ?? Infinity;
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    if (signal.aborted) return;
    const stop = () => this.#end();
    signal.addEventListener("abort", stop);
    const hints = setInterval(() => this.#hint(), HINT_EVERY);
    const flushes = setInterval(() => this.#flushDue(), FLUSH_EVERY);
    try {
      this.#start().catch((error) => this.#end(error));
      await this.#over.promise;
    } finally {
      signal.removeEventListener("abort", stop);
      clearInterval(hints);
      clearInterval(flushes);
      await this.#close();
    }
    await this.#options.sink.flush();
    if (this.#inHand > 0) throw notWritten();
  }

  /** Lets the batches in hand come to their end, within the limit of `disconnect()`. */
  async #close(): Promise<void> {
    const closed = this.#hint().finally(() => this.#consumer.disconnect());
    await disconnect({ disconnect: () => closed });
    this.#membership.abort();
  }

  async #start(): Promise<void> {
    const { topic, sink, progress } = this.#options;
    const consumer = this.#consumer;
    consumer.on("consumer.heartbeat", () => progress.answered());
    consumer.on("consumer.crash", ({ payload: { error, restart } }) => {
      if (!restart) this.#end(error);
    });
    consumer.on("consumer.group_join", ({ payload: { memberAssignment } }) => {
      this.#onJoin(memberAssignment[topic] ?? []);
    });
    consumer.on("consumer.end_batch_process", ({ payload }) => {
      if (payload.batchSize === 0) this.#onNothing(payload.partition, BigInt(payload.lastOffset));
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: sink.concurrency,
      eachBatch: (payload) => this.#handle(payload),
    });
  }

  /** kafkajs fetches right after this event: what is not paused before it returns is read. */
  #onJoin(assigned: readonly number[]): void {
    this.#membership.abort();
    this.#membership = new AbortController();
    this.#held.clear();
    this.#options.progress.answered();
    this.#options.progress.assigned(assigned);
    const { topic } = this.#options;
    logger.info("{assigned}", {
      ...{ assigned: assignedText("Storing", assigned, topic), topic, partitions: assigned },
    });
    this.#claim(assigned);
  }

  /** Claims partitions, which are paused until that is done. */
  #claim(partitions: readonly number[]): void {
    const { topic, group, sink, progress } = this.#options;
    const { signal } = this.#membership;
    for (const partition of partitions) this.#held.delete(partition);
    this.#consumer.pause([{ topic, partitions: [...partitions] }]);
    claimPartitions(partitions, {
      admin: this.#admin,
      isFatal: this.#isFatal,
      sink,
      topic,
      topicId: this.#topicId,
      group,
      patience: this.#outage.patience(signal),
    })
      .then(({ claims, bounds }) => {
        if (signal.aborted || this.isOver) return;
        progress.ends(bounds);
        for (const claim of claims) this.#hold(claim);
      })
      .catch((error) => {
        if (!signal.aborted) this.#end(error);
      });
  }

  #hold(claim: Claim): void {
    const { topic } = this.#options;
    const { partition, next } = claim;
    this.#held.set(partition, { claim, reached: next, moved: Promise.resolve() });
    this.#options.progress.reached(partition, next);
    this.#consumer.seek({ topic, partition, offset: String(next) });
    this.#consumer.resume([{ topic, partitions: [partition] }]);
  }

  async #handle(payload: EachBatchPayload): Promise<void> {
    const { batch, isRunning, isStale, heartbeat } = payload;
    const held = this.#held.get(batch.partition);
    if (held === undefined || this.isOver || !isRunning() || isStale()) return;
    this.#commit = payload.commitOffsetsIfNecessary;
    using heartbeats = new Heartbeats(heartbeat, this.#membership.signal);
    this.#inHand++;
    try {
      await held.moved;
      const fetched = fetchedOffset(batch);
      if (fetched === held.reached) await this.#write(held, payload, heartbeats.signal);
      else this.#onStray(held, fetched);
    } catch (error) {
      if (!heartbeats.signal.aborted) this.#end(error);
    } finally {
      this.#inHand--;
    }
    // Not before: another batch in hand may have taken the last ones, and may yet give them back.
    if (this.#left === 0 && this.#inHand === 0) this.#end();
    if (heartbeats.refusal !== undefined) throw heartbeats.refusal;
  }

  async #write(held: Held, payload: EachBatchPayload, signal: AbortSignal): Promise<void> {
    const { sink, batchSize, progress, group, onStored } = this.#options;
    const { batch, resolveOffset, heartbeat } = payload;
    const end = BigInt(batch.lastOffset()) + 1n;
    progress.fetched(batch.partition, BigInt(batch.highWatermark));
    for (let at = 0; at < batch.messages.length && this.#left > 0 && !this.isOver;) {
      const records = await this.#readable(this.#take(batch.messages, at, batchSize));
      const last = records.at(-1)!;
      at += records.length;
      const next = at === batch.messages.length ? end : BigInt(last.offset) + 1n;
      const rows = toRows(records);
      const write = () => sink.write({ claim: held.claim, next, rows });
      const begun = performance.now();
      const outcome = await this.#orGiveBack(
        records.length,
        () => persist(write, this.#outage.patience(signal)),
      );
      if (!("claim" in outcome)) {
        this.#left += records.length;
        if (outcome.heldBy !== group) throw heldByOther(outcome.heldBy, group);
        // Put out without knowing? Then this says so, and the claim is the other one's.
        await heartbeat();
        return this.#claim([batch.partition]);
      }
      held.claim = outcome.claim;
      progress.stored(batch.partition, { rows, next, last });
      onStored?.({ records: records.length, ms: performance.now() - begun });
      // A batch of an earlier membership must not move the new one.
      signal.throwIfAborted();
      held.reached = next;
      this.#strays = 0;
      resolveOffset(last.offset);
    }
  }

  /** Records from `at` on, as many as one transaction and the limit of the run allow. */
  #take(messages: readonly KafkaMessage[], at: number, most: number): readonly KafkaMessage[] {
    const records = messages.slice(at, at + Math.min(most, this.#left));
    this.#left -= records.length;
    return records;
  }

  /** Records that were not written do not count. */
  async #orGiveBack<T>(count: number, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#left += count;
      throw error;
    }
  }

  /**
   * Kafka gave other records than those that were asked for: a fetch from before the last join, or
   * kafkajs was told that the offset is out of range, and went elsewhere by itself.
   */
  #onStray(held: Held, fetched: bigint): void {
    const { partition } = held.claim;
    logger.debug("Partition {partition}: records at {fetched} where those at {reached} are due", {
      partition,
      fetched,
      reached: held.reached,
    });
    if (++this.#strays > MOST_STRAYS) {
      throw new Error(`Kafka gives offset ${fetched} where ${held.reached} was asked for`);
    }
    this.#claim([partition]);
  }

  /**
   * What came were records of aborted transactions or markers, and kafkajs has passed over them. So
   * does the stored offset: else it would point before the topic's beginning one day, as if
   * something had been lost.
   */
  #onNothing(partition: number, lastOffset: bigint): void {
    const held = this.#held.get(partition);
    const next = lastOffset + 1n;
    if (held === undefined || next <= held.reached) return;
    held.reached = next;
    this.#options.progress.reached(partition, next);
    held.moved = held.moved.then(async () => {
      const outcome = await this.#options.sink.write({ claim: held.claim, next, rows: NO_ROWS });
      if ("claim" in outcome) held.claim = outcome.claim;
    }).catch(() => {}); // the next batch moves it as well
  }

  /** For tools that show a group's lag; where to go on is never read from there. Never rejects. */
  async #hint(): Promise<void> {
    const { topic } = this.#options;
    const partitions = [...this.#held].map(([partition, { reached }]) => ({
      partition,
      offset: String(reached),
    }));
    if (this.#commit === undefined || partitions.length === 0) return;
    try {
      await this.#commit({ topics: [{ topic, partitions }] });
    } catch (error) {
      logger.debug("Cannot commit offsets to Kafka: {error}", { error });
    }
  }

  /** Never two at once; what fails then fails for good. */
  #flushDue(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    this.#options.sink.flush({ onlyDue: true })
      .catch((error) => this.#end(error))
      .finally(() => this.#isFlushing = false);
  }

  #end(error?: unknown): void {
    this.isOver = true;
    if (error === undefined) this.#over.resolve();
    else this.#over.reject(error);
  }
}

function heldByOther(other: string, group: string): UserError {
  return new UserError(
    `The group '${other}' has taken over: it stores the same topic in the same database as '${group}'`,
    { hint: "Members that share the work need the same --group" },
  );
}

function notWritten(): UserError {
  return new UserError("Stopped before the database took the batch in hand", {
    hint: "Nothing is lost: it is read again from Kafka at the next start",
  });
}
