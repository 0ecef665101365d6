import { getLogger } from "@logtape/logtape";
import { UserError } from "../../shared/error.ts";
import { Outage } from "../../shared/outage.ts";
import { untilTrue, waitAfter } from "../../shared/retry.ts";
import { sleep } from "../../shared/sleep.ts";
import { withAdmin } from "../admin/with_admin.ts";
import type { Cluster } from "../client/cluster.ts";
import { retryDuringFailover, retryWhileNotReady } from "../errors/retry.ts";
import { AtLeastOnce } from "./at_least_once.ts";
import { ExactlyOnce } from "./exactly_once.ts";
import { type Attempt, explain } from "../errors/explain.ts";
import { isFatal, isFenced, isUnknownTopic } from "../errors/classify.ts";
import { type PositionPlace, savedPosition } from "./position_store.ts";
import {
  type Batch,
  newPublisherCounts,
  PublishAborted,
  type Published,
  type Publisher,
  type PublisherCounts,
  TakenOver,
} from "./publisher.ts";
import { type Chunk, chunksOf } from "./chunks.ts";
import type { ProducerRecord } from "../../shared/producer_record.ts";
import {
  Acceptances,
  conditionText,
  LastBatchRejected,
  RejectedAttempts,
  TopicRejects,
} from "./rejection.ts";
import type { Progress, SavedProgress } from "./saved_position.ts";
import { ChunksRejected, type Compression } from "./send.ts";
import type { ProducerSession } from "./producer_session.ts";
import { type NewTopics, NoTopics, TopicTable } from "./topic_table.ts";
import { Throttle } from "./throttle.ts";
import { checkKeyless, timestampLimit } from "./topic_checks.ts";
import { Work } from "./work.ts";

/** The session of each --delivery. */
const DELIVERIES = { "exactly-once": ExactlyOnce, "at-least-once": AtLeastOnce } as const;

export interface DeliveryOptions {
  readonly cluster: Cluster;
  readonly delivery: keyof typeof DELIVERIES;
  readonly place: PositionPlace;
  readonly compression?: Compression;
  /** Topics that must exist at the start; others are looked up when they are needed. */
  readonly topics: readonly string[];
  /** Those of them that get records without a key, and so must not be compacted. */
  readonly keylessTopics?: readonly string[];
  /** Makes topics that are not there; without it they are an error. */
  readonly create?: NewTopics | undefined;
  /**
   * How long Kafka lets a transaction stand open, in ms (default 30,000). After a SIGKILL committed
   * readers wait for so long at the most, unless the producer comes back before.
   */
  readonly transactionTimeout?: number;
  /** How long a topic that rejects the last batch is waited for, in ms (default 60,000). */
  readonly lastBatchTimeout?: number;
}

const log = getLogger(["wikitap", "kafka"]);

/** How long `open()` looks for a broker that answers at all, in ms. */
const ANSWER_LIMIT = 2500;
/** While Kafka is away, or rejects records. */
const WAITS = { firstWaitMs: 100, maxWaitMs: 2000 };
const TRANSACTION_TIMEOUT = 30_000;
/** For a fenced producer to see another owner of its name before it goes on. */
const TAKEOVER = { firstWaitMs: 200, limitMs: 5000 };
/** A topic that is unknown so often in a row does not exist (any more). */
const UNKNOWN_TOPIC_LIMIT = 3;

/**
 * Publishes batches through sessions. After a failure it drops the session, opens another, reads the
 * position back, and drops or re-sends the pending batch accordingly. While Kafka is away or rejects
 * everything, it keeps the one batch, retries every 2 s at the slowest, and warns once. A last batch
 * that is rejected for 60 s is an error.
 */
export class Delivery implements Publisher {
  readonly counts: PublisherCounts = newPublisherCounts();
  readonly #options: DeliveryOptions;
  readonly #owner = crypto.randomUUID();
  readonly #topics: TopicTable;
  readonly #accepted = new Acceptances();
  readonly #throttle = new Throttle(this.counts);
  readonly #outage = new Outage({ log, meanwhile: "retrying", over: "Publishing again" });
  #generation = 0;
  #session: ProducerSession | undefined;
  #isClosed = false;
  /** The progress that this process saved last, or found when it began. */
  #committed: Progress | undefined;
  readonly #rejections: RejectedAttempts;
  #left: Work | undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#topics = new TopicTable(options.create);
    this.#rejections = new RejectedAttempts(options.lastBatchTimeout);
  }

  async open(): Promise<Progress | undefined> {
    const { cluster, place, topics, keylessTopics = [] } = this.#options;
    const wanted = [place.topic, ...topics];
    const attempt = { ...this.#attempted, action: `use the topic '${place.topic}'` };
    await withAdmin(cluster, attempt, async (admin) => {
      // Soon, because brokers that expect SASL close each connection.
      await retryDuringFailover(() => admin.describeCluster(), ANSWER_LIMIT);
      await retryDuringFailover(() => this.#topics.load(admin, wanted));
      await retryDuringFailover(() => checkKeyless(admin, keylessTopics));
    });
    try {
      const saved = await retryDuringFailover(() =>
        retryWhileNotReady(cluster, () => this.#openSession())
      );
      this.#generation = (saved?.generation ?? 0) + 1;
      this.#committed = saved;
      this.counts.connected = true;
      return saved;
    } catch (error) {
      // No transaction runs out of time so soon: another one of this name has started just now.
      throw isFenced(error) ? new TakenOver(place.group) : this.#explain(error);
    }
  }

  async publish(batch: Batch, signal: AbortSignal): Promise<Published | undefined> {
    const isOver = () => signal.aborted || this.#isClosed;
    let work = Work.of(batch, this.#throttle.size.endOf(batch), this.#left);
    this.#left = undefined;
    let unknownTopics = 0;
    for (let attempt = 1; !isOver(); attempt++) {
      try {
        if (this.#session === undefined && await this.#resume(work.end)) return this.#done(work);
        // A quota may have made parts smaller. Otherwise keyless records keep their partition.
        const end = this.#throttle.size.endOf(batch);
        if (work.isUntouched && end.count !== work.end.count) work = new Work(batch, end);
        await this.#send(work, isOver);
        return this.#done(work);
      } catch (error) {
        if (isOver()) break;
        if (error instanceof TopicRejects) {
          await this.#rejected(error, batch, signal);
          if (isOver()) break;
          this.#left = work;
          return undefined;
        }
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
        const delay = this.counts.throttledUntil - Date.now();
        await sleep(Math.max(waitAfter(attempt, WAITS), delay), signal);
      }
    }
    throw new PublishAborted(batch.records.length);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#dropSession();
  }

  /** Opens a session, and returns whether the part before `end` was saved after all. */
  async #resume(end: Progress): Promise<boolean> {
    const saved = await this.#openSession();
    this.counts.restarts++;
    return this.#isSaved(end, saved);
  }

  /** Publishes a part, without the records that are rejected by themselves. */
  async #send(work: Work, isOver: () => boolean): Promise<void> {
    const session = this.#session!;
    const { handled, position, bytes } = work.end;
    const progress = { handled, position, owner: this.#owner, generation: this.#generation };
    this.#throttle.begin(bytes);
    while (true) {
      const chunks = await work.chunks((records) => this.#chunks(session, records));
      try {
        return await session.publish(chunks, progress);
      } catch (error) {
        if (!(error instanceof ChunksRejected)) throw error;
        this.counts.aborted++;
        // The topic's max.message.bytes was lowered.
        if (error.isTooLarge) this.#topics.expire();
        work.narrow(error, this.#accepted, this.#topics.limits);
        if (isOver()) throw error;
      }
    }
  }

  #done({ records, end, refused }: Work): Published {
    Object.assign(this.counts, { connected: true, rejecting: false });
    this.counts.batches++;
    this.#rejections.end();
    this.#committed = end;
    this.#outage.end();
    this.#throttle.end();
    this.#accepted.note(records, refused);
    return { count: end.count, refused };
  }

  /**
   * Reports what a topic rejects, and waits.
   *
   * @throws {UserError} if nothing follows the batch, and it was rejected for too long.
   */
  async #rejected(error: TopicRejects, { isLast }: Batch, signal: AbortSignal): Promise<void> {
    Object.assign(this.counts, { connected: true, rejecting: true });
    const isOver = this.#rejections.note(isLast);
    const { admin } = this.#session!;
    const isNews = this.#rejections.count === 1 || isOver;
    const afterMaxMs = isNews ? await timestampLimit(admin, error.topic) : undefined;
    const text = conditionText(error, { afterMaxMs });
    if (isOver) throw new LastBatchRejected(text);
    this.#outage.fail(text);
    this.#topics.expire();
    await sleep(waitAfter(this.#rejections.count, WAITS), signal);
  }

  /** Whether a commit whose answer was lost did happen. */
  #isSaved(end: Progress, saved: SavedProgress | undefined): boolean {
    if (saved !== undefined && this.#isOther(saved)) throw new TakenOver(this.#options.place.group);
    if (saved?.handled === this.#committed?.handled) return false;
    const isOurs = saved === undefined || saved.owner === this.#owner;
    // An older producer, fenced before our first commit, took the name back.
    if (!isOurs && this.#options.delivery === "exactly-once") {
      throw new TakenOver(this.#options.place.group);
    }
    if (saved?.handled === end.handled) return isOurs;
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
    await untilTrue(async () => {
      const saved = await savedPosition(cluster, place).catch(() => undefined);
      if (saved !== undefined && this.#isOther(saved)) throw new TakenOver(place.group);
      return this.#isClosed;
    }, TAKEOVER);
    log.info("The transaction ran out of time, and nobody took over: starting it again");
  }

  async #openSession(): Promise<SavedProgress | undefined> {
    const { cluster, delivery, place, compression = "none" } = this.#options;
    const { transactionTimeout = TRANSACTION_TIMEOUT } = this.#options;
    const session = new DELIVERIES[delivery](cluster, {
      place,
      compression,
      transactionTimeout,
      onThrottle: (ms) => this.#throttle.delayed(ms),
    });
    try {
      const saved = await session.open();
      if (this.#isClosed) throw new PublishAborted(0);
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

  async #chunks(
    { admin }: ProducerSession,
    records: readonly ProducerRecord[],
  ): Promise<Chunk[]> {
    await this.#topics.load(admin, new Set(records.map(({ topic }) => topic)));
    return chunksOf(records, this.#topics.limits);
  }

  get #attempted(): Omit<Attempt, "action"> {
    const { cluster, delivery, place: { group, topic } } = this.#options;
    const attempted = { cluster, topic, group, rights: ["Read", "Write"] };
    return delivery === "exactly-once" ? { ...attempted, transactionalId: group } : attempted;
  }

  #explain(error: unknown): unknown {
    const action = `publish as '${this.#options.place.group}'`;
    return explain(error, { ...this.#attempted, action });
  }

  #away(error: unknown): void {
    this.counts.connected = false;
    const explained = this.#explain(error);
    this.#outage.fail(explained instanceof Error ? explained.message : String(explained));
  }
}
