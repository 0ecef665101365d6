import type { ProducerRecord } from "../../shared/producer_record.ts";
import { withAdmin } from "../admin/with_admin.ts";
import { type Cluster, disconnect } from "../client/cluster.ts";
import type { Producer } from "../client/kafkajs.ts";
import { type Attempt, explain } from "../errors/explain.ts";
import { chunksOf } from "./send/chunks.ts";
import { sendChunks } from "./send/send.ts";
import { TopicTable } from "./topic_table.ts";
import { transactionalProducer } from "./sessions/transactional_producer.ts";

/** How long a transaction may be open, in ms. */
const TRANSACTION_TIMEOUT_MS = 30_000;

/** Publishes records in transactions, without a position. */
export class RecordTransactions implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #attempt: Attempt;
  readonly #producer: Producer;
  readonly #topics = new TopicTable();

  private constructor(cluster: Cluster, transactionalId: string) {
    this.#cluster = cluster;
    this.#attempt = {
      action: "publish records",
      rights: ["Write", "Describe"],
      transactionalId,
      cluster,
    };
    this.#producer = transactionalProducer(cluster, transactionalId, TRANSACTION_TIMEOUT_MS);
  }

  /**
   * Connects. The first transaction fences other producers with the same id.
   *
   * @throws {UserError} if Kafka cannot be used.
   */
  static async open(cluster: Cluster, transactionalId: string): Promise<RecordTransactions> {
    const opened = new RecordTransactions(cluster, transactionalId);
    try {
      await opened.#producer.connect();
      return opened;
    } catch (error) {
      await opened[Symbol.asyncDispose]();
      throw explain(error, opened.#attempt);
    }
  }

  /**
   * Publishes records in one transaction.
   *
   * @throws {UserError} if that fails; no reader of committed records then sees one of them, unless
   * only the answer to the commit was lost.
   */
  async publish(records: readonly ProducerRecord[]): Promise<void> {
    const topics = new Set(records.map(({ topic }) => topic));
    await withAdmin(this.#cluster, this.#attempt, (admin) => this.#topics.load(admin, topics));
    try {
      const transaction = await this.#producer.transaction();
      try {
        await sendChunks(transaction, chunksOf(records, this.#topics.limits), {
          compression: "none",
          onThrottle: () => {},
          inTransaction: true,
        });
      } catch (error) {
        // If this fails too, Kafka aborts it after its timeout.
        await transaction.abort().catch(() => {});
        throw error;
      }
      await transaction.commit();
    } catch (error) {
      throw explain(error, this.#attempt);
    }
  }

  /** Disconnects the producer. */
  async [Symbol.asyncDispose](): Promise<void> {
    await disconnect(this.#producer);
  }
}
