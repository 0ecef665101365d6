import type { ProducerRecord } from "../../shared/producer_record.ts";
import { UserError } from "../../shared/error.ts";
import { retry, untilTrue } from "../../shared/retry.ts";
import { withAdmin } from "../admin/with_admin.ts";
import { type Cluster, disconnect } from "../client/cluster.ts";
import type { Producer, Transaction } from "../client/kafkajs.ts";
import { withLeaders } from "../consume/direct/leaders.ts";
import type { Attempt } from "../errors/terms.ts";
import { explain } from "../errors/explain.ts";
import { isPassing } from "../errors/retry.ts";
import type { TopicPartition } from "../topic_partition.ts";
import { chunksOf } from "./send/chunks.ts";
import { sendChunks } from "./send/send.ts";
import { TopicTable } from "./topic_table.ts";
import { transactionalProducer } from "./sessions/transactional_producer.ts";

/** How long a transaction may be open, in ms. */
const TRANSACTION_TIMEOUT_MS = 30_000;
/** The retries while a broker is unreachable: a producer waits 15 s for an answer that is lost. */
const RETRY = { firstWaitMs: 250, maxWaitMs: 2000, limitMs: 60_000 };
/** The retries until a partition shows the end of a transaction. */
const SHOWN = { firstWaitMs: 50, maxWaitMs: 500, limitMs: 15_000 };

/** The partition and the offset of a record. */
interface Place extends TopicPartition {
  readonly offset: bigint;
}

/** Publishes records in transactions, without a position. */
export class RecordTransactions implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #attempt: Attempt;
  readonly #topics = new TopicTable();
  readonly #transactionalId: string;
  #producer: Producer | undefined;

  private constructor(cluster: Cluster, transactionalId: string) {
    this.#cluster = cluster;
    this.#transactionalId = transactionalId;
    this.#attempt = {
      action: "publish records",
      rights: ["Write", "Describe"],
      transactionalId,
      cluster,
    };
  }

  /**
   * Connects. The first transaction fences other producers with the same id.
   *
   * @throws {UserError} if Kafka cannot be used.
   */
  static async open(cluster: Cluster, transactionalId: string): Promise<RecordTransactions> {
    const opened = new RecordTransactions(cluster, transactionalId);
    try {
      await opened.#connected();
      return opened;
    } catch (error) {
      await opened[Symbol.asyncDispose]();
      throw explain(error, opened.#attempt);
    }
  }

  /**
   * Publishes records in one transaction. Temporary failures are retried for 60 s. After a commit
   * without an answer, the topic shows whether it succeeded.
   *
   * @throws {UserError} if that fails. Readers of committed records then see none of them, unless
   * only the answer to the commit was lost.
   */
  async publish(records: readonly ProducerRecord[]): Promise<void> {
    let sent: Place | undefined;
    const publish = async () => {
      // The start ends an open transaction of another producer with this id.
      const transaction = await (await this.#connected()).transaction();
      if (sent !== undefined && await this.#isCommitted(sent)) return await transaction.abort();
      sent = undefined;
      const place = await this.#send(transaction, records);
      sent = place;
      await transaction.commit();
    };
    const attempt = () =>
      publish().catch(async (error) => {
        // kafkajs's producers do not recover from failures.
        await this[Symbol.asyncDispose]();
        throw error;
      });
    try {
      await retry(attempt, isPassing, RETRY);
    } catch (error) {
      throw explain(error, this.#attempt);
    }
  }

  /** Disconnects the producer. */
  async [Symbol.asyncDispose](): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    if (producer !== undefined) await disconnect(producer);
  }

  async #connected(): Promise<Producer> {
    if (this.#producer !== undefined) return this.#producer;
    const producer = transactionalProducer(
      this.#cluster,
      this.#transactionalId,
      TRANSACTION_TIMEOUT_MS,
    );
    this.#producer = producer;
    await producer.connect();
    return producer;
  }

  /** Sends records, and returns the partition and the offset of one of them. */
  async #send(transaction: Transaction, records: readonly ProducerRecord[]): Promise<Place> {
    const topics = new Set(records.map(({ topic }) => topic));
    await withAdmin(this.#cluster, this.#attempt, (admin) => this.#topics.load(admin, topics));
    try {
      const accepted = await sendChunks(transaction, chunksOf(records, this.#topics.limits), {
        compression: "none",
        onThrottle: () => {},
        inTransaction: true,
      });
      const [{ topic, partition }, offset] = accepted.entries().next().value!;
      return { topic, partition, offset };
    } catch (error) {
      // If this fails too, the next transaction aborts it, or Kafka after its timeout.
      await transaction.abort().catch(() => {});
      throw error;
    }
  }

  /** Returns whether a record of a transaction that has ended is committed. */
  #isCommitted({ offset, ...at }: Place): Promise<boolean> {
    return withLeaders(this.#cluster, this.#attempt, async (leaders) => {
      await leaders.partitions([at.topic]);
      let isThere = false;
      const isKnown = await untilTrue(async () => {
        const batch = await leaders.fetch(at, offset, true);
        if (batch.isEmpty()) return false;
        const [chunk] = batch.chunks();
        isThere = chunk?.records[0]?.offset === String(offset);
        return true;
      }, SHOWN);
      if (isKnown) return isThere;
      throw new UserError(
        "Cannot confirm that the last records were published: the topic does not show them yet",
        {
          hint: "Verify again to see which records are still lost",
        },
      );
    });
  }
}
