import { retry } from "../../../shared/retry.ts";
import { type Cluster, disconnect } from "../../client/cluster.ts";
import { protocolErrorType } from "../../errors/explain.ts";
import type { Admin, Producer, Transaction } from "../../client/kafkajs.ts";
import { sendOffsetWithMetadata } from "../../client/offsets.ts";
import { type PositionPlace, readSaved } from "../position/position_store.ts";
import type { Chunk } from "../send/chunks.ts";
import { encodeSaved, type SavedProgress } from "../position/saved_position.ts";
import { transactionalProducer } from "./transactional_producer.ts";
import { ChunksRejected, sendChunks, type SendOptions } from "../send/send.ts";
import type { ProducerSession, ProducerSessionOptions } from "./producer_session.ts";

/**
 * Publishes each batch in a transaction: records and position are committed together or not at all.
 * The `transactional.id` is the producer's name. A producer that begins a transaction under it
 * first ends an open transaction of an older producer, and fences that producer.
 */
export class ExactlyOnce implements ProducerSession {
  readonly #place: PositionPlace;
  readonly #send: SendOptions;
  /** A client for other requests while the session is open. */
  readonly admin: Admin;
  readonly #producer: Producer;

  constructor(
    cluster: Cluster,
    { place, transactionTimeout, compression, onThrottle }: ProducerSessionOptions,
  ) {
    this.#place = place;
    this.#send = { compression, onThrottle, inTransaction: true };
    this.admin = cluster.producing.admin();
    this.#producer = transactionalProducer(cluster, place.group, transactionTimeout);
  }

  /**
   * Fences older producers, which `connect()` does not do, and then reads the saved position: after
   * a write of its own, and again until two reads agree. A broker that has just become the group's
   * coordinator answers from what is known to be replicated, which may briefly lack its
   * predecessor's last commits. Its answer to a write comes after all earlier ones are replicated.
   */
  async open(): Promise<SavedProgress | undefined> {
    await Promise.all([this.#producer.connect(), this.admin.connect()]);
    const transaction = await this.#producer.transaction();
    let saved = await this.#savedAfterWrite(transaction);
    for (let isSure = false; !isSure;) {
      const again = await this.#savedAfterWrite(transaction);
      isSure = again?.handled === saved?.handled && again?.owner === saved?.owner;
      saved = again;
    }
    await transaction.abort();
    return saved;
  }

  /** Sends chunks and the position in one transaction, and commits it. */
  async publish(chunks: readonly Chunk[], progress: SavedProgress): Promise<void> {
    const metadata = encodeSaved(progress); // If this fails, no transaction must be left open.
    const transaction = await this.#producer.transaction();
    try {
      await sendChunks(transaction, chunks, this.#send);
    } catch (error) {
      if (error instanceof ChunksRejected) await transaction.abort();
      throw error;
    }
    await this.#sendOffset(transaction, progress.handled, metadata);
    await transaction.commit();
  }

  /** Disconnects. */
  async close(): Promise<void> {
    await Promise.all([disconnect(this.#producer), disconnect(this.admin)]);
  }

  /** Reads the saved position after a write, which is never visible: the transaction is aborted. */
  async #savedAfterWrite(transaction: Transaction): Promise<SavedProgress | undefined> {
    await this.#sendOffset(transaction, 0, "");
    return await readSaved(this.admin, this.#place);
  }

  /** Sends the offset. It may be the transaction's first request, which kafkajs does not repeat. */
  async #sendOffset(transaction: Transaction, handled: number, metadata: string): Promise<void> {
    const { group, topic } = this.#place;
    const offset = {
      groupId: group,
      topic,
      partition: 0,
      offset: String(handled),
      metadata,
    };
    const isBusy = (error: unknown) => protocolErrorType(error) === "CONCURRENT_TRANSACTIONS";
    await retry(() => sendOffsetWithMetadata(transaction, offset), isBusy, BUSY);
  }
}

/** The retries while Kafka completes the previous transaction. */
const BUSY = { firstWaitMs: 5, maxWaitMs: 200, limitMs: 6000 };
