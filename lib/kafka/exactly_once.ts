import { type Cluster, disconnect } from "./cluster.ts";
import { protocolErrorType } from "./failure.ts";
import { type Admin, type Producer, sendOffsetWithMetadata, type Transaction } from "./kafkajs.ts";
import type { PositionPlace } from "./position_store.ts";
import type { Chunk } from "./record.ts";
import { encodeSaved, type SavedProgress } from "./saved.ts";
import { ChunksRefused, type Compression, sendChunks } from "./send.ts";
import type { Session, SessionOptions } from "./session.ts";

/**
 * A transaction per batch: records and position are committed together or not at all. The
 * `transactional.id` is the producer's name; whoever begins a transaction under it first ends what
 * an older producer left open, and locks that one out.
 */
export class ExactlyOnce implements Session {
  readonly #place: PositionPlace;
  readonly #compression: Compression;
  readonly admin: Admin;
  readonly #producer: Producer;
  /**
   * Begun by `open()`: `connect()` does not lock older producers out, and before that a commit of
   * theirs may still be under way.
   */
  #begun: Transaction | undefined;

  constructor(cluster: Cluster, { place, compression, transactionTimeout }: SessionOptions) {
    this.#place = place;
    this.#compression = compression;
    this.admin = cluster.producing.admin();
    this.#producer = cluster.producing.producer({
      transactionalId: place.group,
      transactionTimeout,
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner: () => ({ message }) => message.partition!,
    });
  }

  async open(): Promise<void> {
    await Promise.all([this.#producer.connect(), this.admin.connect()]);
    this.#begun = await this.#producer.transaction();
  }

  async publish(chunks: readonly Chunk[], progress: SavedProgress): Promise<void> {
    const transaction = this.#begun ?? await this.#producer.transaction();
    this.#begun = undefined;
    try {
      await sendChunks(transaction, chunks, this.#compression);
    } catch (error) {
      if (error instanceof ChunksRefused) await transaction.abort();
      throw error;
    }
    await this.#sendPosition(transaction, progress);
    await transaction.commit();
  }

  async close(): Promise<void> {
    await Promise.all([disconnect(this.#producer), disconnect(this.admin)]);
  }

  /** In a transaction without records this is its first request, which kafkajs does not repeat. */
  async #sendPosition(transaction: Transaction, progress: SavedProgress): Promise<void> {
    const { group, topic } = this.#place;
    const offset = {
      ...{ groupId: group, topic, partition: 0 },
      ...{ offset: String(progress.handled), metadata: encodeSaved(progress) },
    };
    for (let attempt = 1;; attempt++) {
      try {
        return await sendOffsetWithMetadata(transaction, offset);
      } catch (error) {
        const isBusy = protocolErrorType(error) === "CONCURRENT_TRANSACTIONS";
        if (!isBusy || attempt === MAX_ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, 5 * attempt));
      }
    }
  }
}

/** With 5 ms more before each: 6 s in all. */
const MAX_ATTEMPTS = 50;
