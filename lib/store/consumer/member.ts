import { getLogger } from "@logtape/logtape";
import { assignedText } from "../../kafka/consume/assigned.ts";
import type { TopicConsumer } from "../../kafka/consume/consumer.ts";
import {
  type ConsumerOptions,
  type Fetched,
  type Offsets,
  SESSION,
} from "../../kafka/consume/consumer_options.ts";
import { PartitionMap, type TopicPartition } from "../../kafka/topic_partition.ts";
import type { ReadRecord } from "../../kafka/consume/read_options.ts";
import { UserError } from "../../shared/error.ts";
import { AllRejected, type Claim, type ClaimedPartition, NO_ROWS } from "../sink.ts";
import { toRows } from "../rows.ts";
import { type ClaimOptions, claimPartitions } from "./claims.ts";
import type { DatabaseRetry } from "./database_retry.ts";
import type { StoreOptions } from "./options.ts";

/** The interval of commits of the group's offsets to Kafka, for tools that show lag, in ms. */
const HINT_EVERY = 2000;

/** The interval of flushes of rows that have waited long enough, in ms. */
const FLUSH_EVERY = 1000;

const logger = getLogger(["wikitap", "store"]);

/** The part of a consumer that a member needs. */
export type MemberConsumer = Pick<
  TopicConsumer,
  "run" | "end" | "close" | "relocate" | "commit" | "pending" | "isOver"
>;

/** Records to write together, the offset after them, and fetched records that follow. */
interface Batch {
  readonly records: readonly ReadRecord[];
  readonly following: () => readonly ReadRecord[];
  readonly next: bigint;
}

/** The collaborators of a member. */
export interface MemberParts extends Pick<ClaimOptions, "admin" | "topicNumbers"> {
  /** Retries work on the database. */
  readonly database: DatabaseRetry;
  /** Creates the consumer. */
  readonly makeConsumer: (options: ConsumerOptions) => MemberConsumer;
}

/**
 * One member of the group. The invariants:
 *
 * - A partition is read only after it is claimed, and from the database's offset.
 * - Each write is bound to the claim and to the last offset that this member wrote. So a member
 *   that was removed from the group without noticing writes nothing.
 * - Reading continues only after the write.
 */
export class Member {
  readonly #options: StoreOptions;
  readonly #parts: MemberParts;
  readonly #consumer: MemberConsumer;
  /** The claims by partition. */
  readonly #claims = new PartitionMap<Claim>();
  /** The number of records that may still be taken. */
  #left: number;
  /** Records that were taken and are not written yet. */
  #unwritten = 0;
  #isFlushing = false;

  constructor(options: StoreOptions, parts: MemberParts) {
    this.#options = options;
    this.#parts = parts;
    this.#left = options.maxRecords ?? Infinity;
    this.#consumer = parts.makeConsumer({
      topics: options.topics,
      groupId: options.group,
      session: options.session ?? SESSION,
      concurrency: options.sink.concurrency,
      onJoin: (partitions) => this.#onJoin(partitions),
      onHeartbeat: () => options.progress.answered(),
      locate: (partitions, membership) => this.#claim(partitions, membership),
      handle: (fetched) => this.#handle(fetched),
    });
  }

  /** Stores records until the limit or the signal. Rejects with the failure that ends it. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    if (signal.aborted) return await this.#consumer.close();
    const stop = () => this.#consumer.end();
    signal.addEventListener("abort", stop);
    const hints = setInterval(() => this.#hint(), HINT_EVERY);
    const flushes = setInterval(() => this.#flushDue(), FLUSH_EVERY);
    try {
      await this.#consumer.run();
    } finally {
      signal.removeEventListener("abort", stop);
      clearInterval(hints);
      clearInterval(flushes);
      await this.#consumer.close(this.#hint());
    }
    await this.#options.sink.flush();
    if (this.#consumer.pending > 0) throw notWritten();
  }

  #onJoin(assigned: readonly TopicPartition[]): void {
    const { progress } = this.#options;
    this.#claims.clear();
    progress.answered();
    progress.assigned(assigned);
    logger.info("{assigned}", {
      assigned: assignedText("Storing", assigned),
      partitions: assigned,
    });
  }

  /** Claims partitions, and returns the database's offsets. */
  async #claim(assigned: readonly TopicPartition[], membership: AbortSignal): Promise<Offsets> {
    const { group, sink, progress } = this.#options;
    // Includes rows of partitions that another member holds now, unless it has claimed them
    // already.
    this.#claimAgain(await sink.flush(), new PartitionMap(assigned.map((at) => [at, true])));
    const { claims, bounds } = await claimPartitions(assigned, {
      ...this.#parts,
      sink,
      group,
      signal: membership,
    });
    if (membership.aborted) return new PartitionMap();
    progress.ends(bounds);
    for (const [at, claim] of claims) {
      this.#claims.set(at, claim);
      progress.reached(at, claim.next);
    }
    return offsetsOf(claims);
  }

  async #handle(fetched: Fetched): Promise<void> {
    this.#options.progress.fetched(fetched, fetched.end);
    for (const { records, next } of fetched.chunks()) {
      if (!await this.#store(fetched, records, next)) break;
    }
    // Not earlier: records that are not written may still be returned to the count.
    if (this.#left === 0 && this.#unwritten === 0) this.#consumer.end();
  }

  /** Writes records in batches. Returns whether to continue with the partition. */
  async #store(
    fetched: Fetched,
    records: readonly ReadRecord[],
    next: bigint,
  ): Promise<boolean> {
    if (records.length === 0) {
      return await this.#write(fetched, { records, following: () => [], next });
    }
    for (let at = 0; at < records.length;) {
      if (this.#left === 0 || this.#consumer.isOver) return false;
      const taken = this.#take(records, at);
      at += taken.length;
      const end = at === records.length ? next : BigInt(taken.at(-1)!.offset) + 1n;
      const following = () => records.slice(at);
      if (!await this.#write(fetched, { records: taken, following, next: end })) return false;
    }
    return true;
  }

  /**
   * Writes records and the next offset. The offset is written even without records: otherwise it
   * would one day precede the topic's beginning, as if records had been lost.
   *
   * @returns Whether they were written.
   */
  async #write(
    { topic, partition, signal, advance, heartbeat }: Fetched,
    { records, following, next }: Batch,
  ): Promise<boolean> {
    const { sink, progress, group, select, onStored } = this.#options;
    const at = { topic, partition };
    const claim = this.#claims.get(at)!;
    const selected = await select?.(records) ?? records;
    const rows = selected.length === 0 ? NO_ROWS : toRows(selected);
    const rowsAfter = async () => {
      // An abandoned attempt may still run when the memory of the records is freed.
      signal.throwIfAborted();
      const records = following();
      return toRows(await select?.(records) ?? records);
    };
    const write = () => sink.write({ claim, next, rows, following: rowsAfter });
    const begun = performance.now();
    const outcome = await this.#orReturnToCount(
      records.length,
      () => this.#parts.database.run(write, signal),
    );
    // The records are fetched again, with those that follow by then.
    if (outcome === undefined) return false;
    if (!("claim" in outcome)) {
      this.#returnToCount(records.length);
      if (outcome.heldBy !== group) throw heldByOther(outcome.heldBy, group);
      // Without an answer the claim may be the other member's. The records are fetched again then.
      if (await heartbeat()) this.#consumer.relocate([at]);
      return false;
    }
    this.#unwritten -= records.length;
    this.#claims.set(at, outcome.claim);
    const last = records.at(-1);
    if (last === undefined) progress.reached(at, next);
    else {
      const skipped = records.length - selected.length;
      progress.stored(at, { rows, next, last, skipped, rejected: outcome.rejected ?? 0 });
      onStored?.({ records: records.length, ms: performance.now() - begun });
    }
    advance(next);
    return true;
  }

  /** Returns records from `at` on, as many as one transaction and the limit of the run allow. */
  #take(records: readonly ReadRecord[], at: number): readonly ReadRecord[] {
    const taken = records.slice(at, at + Math.min(this.#options.batchSize, this.#left));
    this.#left -= taken.length;
    this.#unwritten += taken.length;
    return taken;
  }

  /** Returns the result of work, or `undefined` if the database rejects all of it. */
  async #orReturnToCount<T>(count: number, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#returnToCount(count);
      if (error instanceof AllRejected) return undefined;
      throw error;
    }
  }

  /** Returns records that were not written to the number that may still be taken. */
  #returnToCount(count: number): void {
    this.#left += count;
    this.#unwritten -= count;
  }

  /** Commits offsets for tools that show a group's lag; they are never read. Never rejects. */
  async #hint(): Promise<void> {
    try {
      await this.#consumer.commit(offsetsOf(this.#claims));
    } catch (error) {
      logger.debug("Cannot commit offsets to Kafka: {error}", { error });
    }
  }

  /**
   * Claims partitions again whose accepted rows were dropped, because a late request of another
   * member has claimed them. Otherwise this member would notice it only at the next record.
   *
   * @param others Partitions that the caller claims.
   */
  #claimAgain(dropped: readonly ClaimedPartition[], others?: PartitionMap<unknown>): void {
    const isDropped = ({ topicId, partition }: ClaimedPartition) =>
      dropped.some((one) => one.topicId === topicId && one.partition === partition);
    const again = [...this.#claims]
      .filter(([at, claim]) => isDropped(claim) && !others?.has(at)).map(([at]) => at);
    if (again.length > 0) this.#consumer.relocate(again);
  }

  /** Flushes, one at a time. A failure ends the consumer. */
  #flushDue(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    this.#options.sink.flush({ onlyDue: true })
      .then((dropped) => this.#claimAgain(dropped))
      .catch((error) => this.#consumer.end(error))
      .finally(() => this.#isFlushing = false);
  }
}

function offsetsOf(claims: PartitionMap<Claim>): Offsets {
  return new PartitionMap([...claims].map(([at, { next }]) => [at, next]));
}

function heldByOther(other: string, group: string): UserError {
  return new UserError(
    `Cannot store with the group '${group}': the group '${other}' has taken over the same topic in the same database`,
    { hint: "Use the same --group for all members that share the work" },
  );
}

function notWritten(): UserError {
  return new UserError("Cannot stop in time: the database has not stored the pending batch", {
    hint: "Start again: nothing is lost, it is read again from Kafka",
  });
}
