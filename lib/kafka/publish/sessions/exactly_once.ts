import { retry } from "../../../shared/retry.ts";
import { type Cluster, disconnect } from "../../client/cluster.ts";
import { protocolErrorType } from "../../errors/explain.ts";
import type { Admin, Producer, Transaction } from "../../client/kafkajs.ts";
import { sendOffsetWithMetadata } from "../../client/offsets.ts";
import { type PositionPlace, readSaved } from "../position_store.ts";
import type { Chunk } from "../chunks.ts";
import { encodeSaved, type SavedProgress } from "../saved_position.ts";
import { ChunksRejected, sendChunks, type SendOptions } from "../send.ts";
import type { ProducerSession, ProducerSessionOptions } from "./producer_session.ts";

/**
 * A transaction per batch: records and position are committed together or not at all. The
 * `transactional.id` is the producer's name; whoever begins a transaction under it first ends what
 * an older producer left open, and locks that one out.
 */
export class ExactlyOnce implements ProducerSession {
  readonly #place: PositionPlace;
  readonly #send: SendOptions;
  readonly admin: Admin;
  readonly #producer: Producer;

  constructor(
    cluster: Cluster,
    { place, transactionTimeout, compression, onThrottle }: ProducerSessionOptions,
  ) {
    this.#place = place;
    this.#send = { compression, onThrottle, inTransaction: true };
    this.admin = cluster.producing.admin();
    this.#producer = cluster.producing.producer({
      transactionalId: place.group,
      transactionTimeout,
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner: () => ({ message }) => message.partition!,
    });
  }

  /**
   * Locks older producers out, which `connect()` does not do, and then reads what is saved: each
   * time behind a write of its own, until two reads agree. A broker that has just become the group's
   * coordinator answers from what is known to be replicated, and for moments that may lack the last
   * commits of the one before it. Its answer to a write comes when all before is replicated, too.
   */
  async open(): Promise<SavedProgress | undefined> {
    await Promise.all([this.#producer.connect(), this.admin.connect()]);
    const transaction = await this.#producer.transaction();
    let saved = await this.#savedBehindWrite(transaction);
    for (let isSure = false; !isSure;) {
      const again = await this.#savedBehindWrite(transaction);
      isSure = again?.handled === saved?.handled && again?.owner === saved?.owner;
      saved = again;
    }
    await transaction.abort();
    return saved;
  }

  async publish(chunks: readonly Chunk[], progress: SavedProgress): Promise<void> {
    const metadata = encodeSaved(progress); // Where that fails, nothing is to be left open.
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

  async close(): Promise<void> {
    await Promise.all([disconnect(this.#producer), disconnect(this.admin)]);
  }

  /** The write is of the transaction, so that nobody sees it. */
  async #savedBehindWrite(transaction: Transaction): Promise<SavedProgress | undefined> {
    await this.#sendOffset(transaction, 0, "");
    return await readSaved(this.admin, this.#place);
  }

  /** In a transaction without records this is its first request, which kafkajs does not repeat. */
  async #sendOffset(transaction: Transaction, handled: number, metadata: string): Promise<void> {
    const { group, topic } = this.#place;
    const offset = {
      ...{ groupId: group, topic, partition: 0 },
      ...{ offset: String(handled), metadata },
    };
    const isBusy = (error: unknown) => protocolErrorType(error) === "CONCURRENT_TRANSACTIONS";
    await retry(() => sendOffsetWithMetadata(transaction, offset), isBusy, BUSY);
  }
}

/** For Kafka to complete the transaction before. */
const BUSY = { firstWaitMs: 5, maxWaitMs: 200, limitMs: 6000 };
