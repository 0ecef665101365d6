import { getLogger } from "@logtape/logtape";
import { UserError } from "../../shared/error.ts";
import { sleep } from "../../shared/sleep.ts";
import { withAdmin } from "../admin/with_admin.ts";
import type { Cluster } from "../client/cluster.ts";
import { throughFailover, whileStarting } from "../errors/retry.ts";
import { AtLeastOnce } from "./at_least_once.ts";
import { ExactlyOnce } from "./exactly_once.ts";
import { type Attempt, explain } from "../errors/explain.ts";
import { isFatal, isFenced, isUnknownTopic } from "../errors/classify.ts";
import { type PositionPlace, savedPosition } from "./position_store.ts";
import {
  type Batch,
  PublishAborted,
  type Publisher,
  type PublisherCounts,
  type RefusedRecord,
  TakenOver,
} from "./publisher.ts";
import { type Chunk, chunksOf, type OutgoingRecord } from "./chunks.ts";
import type { Progress, SavedProgress } from "./saved_position.ts";
import { ChunksRefused, type Compression, withoutRefused } from "./send.ts";
import type { Session } from "./session.ts";
import { type NewTopics, NoTopics, TopicTable } from "./topic_table.ts";

/** What the words of the command line stand for. */
const DELIVERIES = { "exactly-once": ExactlyOnce, "at-least-once": AtLeastOnce } as const;

export interface DeliveryOptions {
  readonly cluster: Cluster;
  readonly delivery: keyof typeof DELIVERIES;
  readonly place: PositionPlace;
  readonly compression?: Compression;
  /** Topics that have to be there at the start; others are looked for when they are needed. */
  readonly topics: readonly string[];
  /** Makes topics that are not there; without it they are an error. */
  readonly create?: NewTopics | undefined;
  /**
   * How long Kafka lets a transaction stand open, in ms (default 30,000). After a SIGKILL committed
   * readers wait for so long at the most, unless the producer comes back before.
   */
  readonly transactionTimeout?: number;
}

const log = getLogger(["wikitap", "kafka"]);

/** How long `open()` looks for a broker that answers at all, in ms. */
const ANSWER_LIMIT = 2500;
/** Waits between attempts while Kafka is away, in ms: doubling, with a ceiling. */
const FIRST_WAIT = 100;
const LONGEST_WAIT = 2000;
const TRANSACTION_TIMEOUT = 30_000;
/** How long a fenced producer looks for another owner of its name before it goes on, in ms. */
const TAKEOVER_PATIENCE = 5000;
/** A topic that is unknown so often in a row does not exist (any more). */
const UNKNOWN_TOPIC_LIMIT = 3;

/**
 * Publishes batches through sessions: drops a session at its first failure, makes a new one, reads
 * the position back, and drops or re-sends the batch in hand by it. While Kafka is away it holds the
 * one batch, tries every 2 s at the slowest, and says so once.
 */
export class Delivery implements Publisher {
  readonly counts: PublisherCounts = { batches: 0, aborted: 0, restarts: 0, connected: false };
  readonly #options: DeliveryOptions;
  readonly #owner = crypto.randomUUID();
  readonly #topics: TopicTable;
  #generation = 0;
  #session: Session | undefined;
  /** What this process saved last, or found when it began. */
  #committed: Progress | undefined;
  #awaySince: number | undefined;
  /** Attempts since then that failed. */
  #failures = 0;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#topics = new TopicTable(options.create);
  }

  async open(): Promise<Progress | undefined> {
    const { cluster, place, topics } = this.#options;
    const wanted = [place.topic, ...topics];
    const attempt = { ...this.#attempted, doing: `use the topic '${place.topic}'` };
    await withAdmin(cluster, attempt, async (admin) => {
      // Brokers that close each connection, as those do that want SASL, are told soon.
      await throughFailover(() => admin.describeCluster(), ANSWER_LIMIT);
      await throughFailover(() => this.#topics.load(admin, wanted));
    });
    try {
      const saved = await throughFailover(() => whileStarting(cluster, () => this.#openSession()));
      this.#generation = (saved?.generation ?? 0) + 1;
      this.#committed = saved;
      this.counts.connected = true;
      return saved;
    } catch (error) {
      // No transaction runs out of time so soon: another one of this name has started just now.
      throw isFenced(error) ? new TakenOver(place.group) : this.#explain(error);
    }
  }

  async publish(batch: Batch, signal: AbortSignal): Promise<readonly RefusedRecord[]> {
    const work: Work = { batch, chunks: undefined, refused: [], letters: [] };
    let unknownTopics = 0;
    for (let attempt = 1;; attempt++) {
      try {
        await this.#attempt(work);
        this.#back();
        this.counts.batches++;
        this.#committed = batch;
        return work.refused;
      } catch (error) {
        const isUnknown = isUnknownTopic(error) || error instanceof NoTopics;
        if (error instanceof UserError && !isUnknown) throw error;
        this.counts.aborted++;
        if (isFenced(error)) await this.#checkTakenOver();
        await this.#dropSession();
        unknownTopics = isUnknown ? unknownTopics + 1 : 0;
        if (isFatal(error, this.#options.cluster) || unknownTopics >= UNKNOWN_TOPIC_LIMIT) {
          throw this.#explain(error);
        }
        this.#away(error);
        await sleep(Math.min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT), signal);
        if (signal.aborted) throw new PublishAborted(batch.records.length);
      }
    }
  }

  async close(): Promise<void> {
    await this.#dropSession();
  }

  /** One attempt at a batch; returns when it is saved, by this attempt or by one before. */
  async #attempt(work: Work): Promise<void> {
    const { batch } = work;
    if (this.#session === undefined) {
      const saved = await this.#openSession();
      this.counts.restarts++;
      if (this.#isSaved(batch, saved)) return;
    }
    const progress = {
      ...{ handled: batch.handled, position: batch.position },
      ...{ owner: this.#owner, generation: this.#generation },
    };
    while (true) {
      work.chunks ??= await this.#chunks(batch.records);
      if (work.letters.length > 0) {
        work.chunks = [...work.chunks, ...await this.#chunks(work.letters)];
        work.letters = [];
      }
      try {
        return await this.#session!.publish(work.chunks, progress);
      } catch (error) {
        if (!(error instanceof ChunksRefused)) throw error;
        this.counts.aborted++;
        narrow(work, error);
      }
    }
  }

  /** Whether a commit whose answer was lost did happen. */
  #isSaved(batch: Batch, saved: SavedProgress | undefined): boolean {
    if (saved !== undefined && this.#isOther(saved)) throw new TakenOver(this.#options.place.group);
    if (saved?.handled === this.#committed?.handled) return false;
    if (saved?.handled === batch.handled) return true;
    if (this.#options.delivery === "at-least-once") return false;
    throw new UserError(
      `The saved position of '${this.#options.place.group}' was changed by somebody else: ` +
        `${saved?.handled ?? "none"} events, expected ${this.#committed?.handled ?? "none"}`,
      { hint: "It was reset, or its topic was made anew: start again" },
    );
  }

  /** Owners before our first commit do not count: we have just taken over from them. */
  #isOther(saved: SavedProgress): boolean {
    return saved.owner !== this.#owner && saved.generation >= this.#generation;
  }

  /** Looks first, so that two producers of one name never fence each other in turns. */
  async #checkTakenOver(): Promise<void> {
    await this.#dropSession();
    const { cluster, place } = this.#options;
    const deadline = Date.now() + TAKEOVER_PATIENCE;
    while (Date.now() < deadline) {
      const saved = await savedPosition(cluster, place).catch(() => undefined);
      if (saved !== undefined && this.#isOther(saved)) throw new TakenOver(place.group);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    log.info("The transaction ran out of time, and nobody took over: starting it again");
  }

  async #openSession(): Promise<SavedProgress | undefined> {
    const { cluster, delivery, place, compression = "none" } = this.#options;
    const { transactionTimeout = TRANSACTION_TIMEOUT } = this.#options;
    const session = new DELIVERIES[delivery](cluster, { place, compression, transactionTimeout });
    try {
      const saved = await session.open();
      this.#session = session;
      return saved;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  async #dropSession(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }

  async #chunks(records: readonly OutgoingRecord[]): Promise<Chunk[]> {
    const { admin } = this.#session!;
    await this.#topics.load(admin, new Set(records.map(({ topic }) => topic)));
    return chunksOf(records, this.#topics.limits);
  }

  get #attempted(): Omit<Attempt, "doing"> {
    const { cluster, delivery, place: { group, topic } } = this.#options;
    const attempted = { cluster, topic, group, rights: ["Read", "Write"] };
    return delivery === "exactly-once" ? { ...attempted, transactionalId: group } : attempted;
  }

  #explain(error: unknown): unknown {
    const doing = `publish as '${this.#options.place.group}'`;
    return explain(error, { ...this.#attempted, doing });
  }

  #away(error: unknown): void {
    this.counts.connected = false;
    this.#failures++;
    const explained = this.#explain(error);
    const reason = explained instanceof Error ? explained.message : String(explained);
    if (this.#awaySince !== undefined) return log.debug("Still failing: {reason}", { reason });
    this.#awaySince = Date.now();
    log.warn("{reason}; trying again until it works", { reason });
  }

  #back(): void {
    this.counts.connected = true;
    if (this.#awaySince === undefined) return;
    const seconds = Math.round((Date.now() - this.#awaySince) / 100) / 10;
    const failures = this.#failures;
    log.info("Publishing again after {seconds} s, failed attempts: {failures}", {
      ...{ seconds, failures },
    });
    this.#awaySince = undefined;
    this.#failures = 0;
  }
}

/** A batch on its way. */
interface Work {
  readonly batch: Batch;
  chunks: Chunk[] | undefined;
  readonly refused: RefusedRecord[];
  /** What is published in place of refused records, and is in no chunk yet. */
  letters: OutgoingRecord[];
}

function narrow(work: Work, error: ChunksRefused): void {
  const { chunks, refused } = withoutRefused(work.chunks ?? [], error);
  work.chunks = chunks;
  work.refused.push(...refused);
  work.letters.push(...refused.flatMap((one) => work.batch.replace?.(one) ?? []));
}
