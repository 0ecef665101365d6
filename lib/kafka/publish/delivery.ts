import { getLogger } from "@logtape/logtape";
import { UserError } from "../../shared/error.ts";
import { Outage } from "../../shared/outage.ts";
import { retry, untilTrue, waitAfter } from "../../shared/retry.ts";
import { sleep } from "../../shared/sleep.ts";
import { topicSettings } from "../admin/topic_settings.ts";
import { withAdmin } from "../admin/with_admin.ts";
import { retryDuringFailover, retryWhileNotReady } from "../errors/retry.ts";
import { AtLeastOnce } from "./sessions/at_least_once.ts";
import { ExactlyOnce } from "./sessions/exactly_once.ts";
import type { Attempt } from "../errors/terms.ts";
import { explain } from "../errors/explain.ts";
import { isFatal, isFenced, isUnknownTopic } from "../errors/classify.ts";
import { readSaved, savedPosition } from "./position/position_store.ts";
import {
  type Batch,
  newPublisherCounts,
  PublishAborted,
  type Published,
  type Publisher,
  type PublisherCounts,
} from "./publisher.ts";
import { type Chunk, chunksOf } from "./send/chunks.ts";
import type { DeliveryOptions } from "./delivery_options.ts";
import type { ProducerRecord } from "../../shared/producer_record.ts";
import { Ownership } from "./ownership.ts";
import {
  Acceptances,
  conditionText,
  LastBatchRejected,
  RejectedAttempts,
  TopicRejects,
} from "./rejection.ts";
import type { Progress, SavedProgress } from "./position/saved_position.ts";
import { ChunksRejected, Unacknowledged } from "./send/send.ts";
import type { ProducerSession } from "./sessions/producer_session.ts";
import { NoTopics, TopicTable } from "./topic_table.ts";
import { Throttle } from "./throttle.ts";
import { checkKeyless } from "./topic_checks.ts";
import { Work } from "./work.ts";

/** The sessions by the value of --delivery. */
const DELIVERIES = { "exactly-once": ExactlyOnce, "at-least-once": AtLeastOnce } as const;

const log = getLogger(["wikitap", "kafka"]);

/** How long `open()` waits for any broker to answer, in ms. */
const ANSWER_LIMIT = 2500;
/** The waits while Kafka is unavailable or rejects records. */
const WAITS = { firstWaitMs: 100, maxWaitMs: 2000 };
/** The default of `transactionTimeout`, in ms. */
const TRANSACTION_TIMEOUT = 30_000;
/** How long a fenced producer looks for another owner of its name before it continues, in ms. */
const TAKEOVER = { firstWaitMs: 200, limitMs: 5000 };
/** The retries of a start that its own late requests fence. */
const OWN_FENCES = { firstWaitMs: 200, limitMs: 60_000 };
/** Consecutive answers that a topic is unknown after which it does not exist. */
const UNKNOWN_TOPIC_LIMIT = 3;

/**
 * Publishes batches through sessions. After a failure it drops the session, opens another one,
 * reads the position back, and drops or resends the pending batch accordingly. While Kafka is
 * unavailable or rejects everything, it keeps the one batch, retries at least every 2 s, and warns
 * once. A last batch that is rejected for 60 s is an error.
 */
export class Delivery implements Publisher {
  /** Counts since the start. */
  readonly counts: PublisherCounts = newPublisherCounts();
  readonly #options: DeliveryOptions;
  readonly #ownership: Ownership;
  readonly #topics: TopicTable;
  readonly #accepted = new Acceptances();
  readonly #throttle = new Throttle(this.counts);
  readonly #outage = new Outage({ log, over: "Publishing again" });
  #session: ProducerSession | undefined;
  #isClosed = false;
  readonly #rejections: RejectedAttempts;
  #left: Work | undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#ownership = new Ownership(options.place.group);
    this.#topics = new TopicTable(options.create);
    this.#rejections = new RejectedAttempts(options.lastBatchTimeout);
  }

  /** Connects and reads the saved position; see {@linkcode Publisher.open}. */
  async open(): Promise<Progress | undefined> {
    const { cluster, place, topics, keylessTopics = [], delivery } = this.#options;
    const wanted = [place.topic, ...topics];
    const attempt = { ...this.#attempted, action: `use the topic '${place.topic}'` };
    await withAdmin(cluster, attempt, async (admin) => {
      // Only briefly, since brokers that expect SASL close each connection.
      await retryDuringFailover(() => admin.describeCluster(), ANSWER_LIMIT);
      await retryDuringFailover(() => this.#topics.load(admin, wanted));
      await retryDuringFailover(() => checkKeyless(admin, keylessTopics));
      // If this fails, the session fails too, with a better error, or knows the position later.
      if (delivery === "exactly-once") {
        const saved = retryDuringFailover(() => readSaved(admin, place));
        await saved.then((saved) => this.#ownership.follow(saved), () => {});
      }
    });
    try {
      const saved = await this.#openFirst();
      this.#ownership.follow(saved);
      this.counts.connected = true;
      return saved;
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /** Publishes a batch or a first part of it; see {@linkcode Publisher.publish}. */
  async publish(batch: Batch, signal: AbortSignal): Promise<Published | "rejected"> {
    const isOver = () => signal.aborted || this.#isClosed;
    let work = Work.of(batch, this.#throttle.size.endOf(batch), this.#left);
    this.#left = undefined;
    let unknownTopics = 0;
    for (let attempt = 1; !isOver(); attempt++) {
      try {
        if (this.#session === undefined && await this.#resume(work.end)) return this.#done(work);
        // A quota may have made parts smaller. Otherwise chunks, and keyless records in them, stay.
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
          return "rejected";
        }
        const isUnknown = isUnknownTopic(error) || error instanceof NoTopics;
        if (error instanceof UserError && !isUnknown) throw error;
        this.counts.aborted++;
        if (error instanceof Unacknowledged) {
          this.#topics.expire();
          work.resort();
        }
        if (isFenced(error)) await this.#checkTakenOver();
        await this.#dropSession();
        unknownTopics = isUnknown ? unknownTopics + 1 : 0;
        if (isFatal(error) || unknownTopics >= UNKNOWN_TOPIC_LIMIT) {
          throw this.#explain(error);
        }
        this.#away(error);
        await sleep(Math.max(waitAfter(attempt, WAITS), this.#throttle.remainingMs), signal);
      }
    }
    throw new PublishAborted(batch.records.length);
  }

  /** Ends a pending `publish()` and disconnects. Never throws. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#dropSession();
  }

  /**
   * Opens the first session. One of its own requests can fence it: the request got no answer, was
   * sent again, and arrived after the next one.
   */
  #openFirst(): Promise<SavedProgress | undefined> {
    const open = () => retryDuringFailover(() => retryWhileNotReady(() => this.#openSession()));
    const attempt = () =>
      open().catch(async (error) => {
        if (isFenced(error)) await this.#checkTakenOver();
        throw error;
      });
    return retry(attempt, isFenced, OWN_FENCES);
  }

  /** Opens a session, and returns whether the part up to `end` was saved after all. */
  async #resume(end: Progress): Promise<boolean> {
    const saved = await this.#openSession();
    this.counts.restarts++;
    return this.#ownership.isSaved(end, saved, this.#options.delivery === "exactly-once");
  }

  /** Publishes a part without the records that are at fault by themselves. */
  async #send(work: Work, isOver: () => boolean): Promise<void> {
    const session = this.#session!;
    const progress = this.#ownership.mark(work.end);
    this.#throttle.begin(work.end.bytes);
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

  #done({ records, end, rejected }: Work): Published {
    Object.assign(this.counts, { connected: true, rejecting: false });
    this.counts.batches++;
    this.#rejections.end();
    this.#ownership.noteCommitted(end);
    this.#outage.end();
    this.#throttle.end();
    this.#accepted.note(records, rejected);
    return { count: end.count, rejected };
  }

  /**
   * Reports that a topic rejects a batch, and waits.
   *
   * @throws {UserError} if nothing follows the batch and it was rejected for too long.
   */
  async #rejected(error: TopicRejects, { isLast }: Batch, signal: AbortSignal): Promise<void> {
    Object.assign(this.counts, { connected: true, rejecting: true });
    const isOver = this.#rejections.note(isLast);
    const { admin } = this.#session!;
    const isNews = this.#rejections.count === 1 || isOver;
    const settings = isNews ? topicSettings(admin, error.topic) : undefined;
    const afterMaxMs = (await settings?.catch(() => undefined))?.aheadMaxMs;
    const text = conditionText(error, { afterMaxMs });
    if (isOver) throw new LastBatchRejected(text);
    this.#outage.fail(text);
    this.#topics.expire();
    await sleep(waitAfter(this.#rejections.count, WAITS), signal);
  }

  /**
   * Reads the position first, so that two producers of one name never fence each other in turns.
   */
  async #checkTakenOver(): Promise<void> {
    await this.#dropSession();
    const { cluster, place } = this.#options;
    await untilTrue(async () => {
      const saved = await savedPosition(cluster, place).catch(() => undefined);
      this.#ownership.check(saved);
      return this.#isClosed;
    }, TAKEOVER);
    log.info(
      "Fenced, but not by another producer: the transaction timed out, or a request was late",
    );
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

  async #chunks({ admin }: ProducerSession, records: readonly ProducerRecord[]): Promise<Chunk[]> {
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
