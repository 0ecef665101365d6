import { type Cluster, disconnect } from "../../client/cluster.ts";
import type { Admin, Producer } from "../../client/kafkajs.ts";
import {
  type OffsetCommitter,
  offsetCommitter,
  type OffsetWithMetadata,
} from "../../client/offsets.ts";
import { type PositionPlace, readSaved } from "../position/position_store.ts";
import type { Chunk } from "../send/chunks.ts";
import { encodeSaved, type SavedProgress } from "../position/saved_position.ts";
import { sendChunks, type SendOptions } from "../send/send.ts";
import type { ProducerSession, ProducerSessionOptions } from "./producer_session.ts";

/** The interval in ms at which the position is saved, besides at the end. */
const SAVE_EVERY = 1000;

/**
 * Publishes without transactions: first the records, then, at most once a second, the position
 * after acknowledged records. Records after the last saved position are published again after a
 * crash. Nothing prevents a second producer of the same name.
 */
export class AtLeastOnce implements ProducerSession {
  readonly #place: PositionPlace;
  readonly #send: SendOptions;
  /** A client for other requests while the session is open. */
  readonly admin: Admin;
  readonly #producer: Producer;
  readonly #committer: OffsetCommitter;
  /** The position after acknowledged records, not yet saved. */
  #unsaved: Pick<OffsetWithMetadata, "offset" | "metadata"> | undefined;
  #savedAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(cluster: Cluster, { place, compression, onThrottle }: ProducerSessionOptions) {
    this.#place = place;
    this.#send = { compression, onThrottle, inTransaction: false };
    this.admin = cluster.producing.admin();
    this.#committer = offsetCommitter(cluster.producing);
    this.#producer = cluster.producing.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner: () => ({ message }) => message.partition!,
    });
  }

  /** Connects and reads the saved position. */
  async open(): Promise<SavedProgress | undefined> {
    const clients = [this.#producer, this.admin, this.#committer];
    await Promise.all(clients.map((client) => client.connect()));
    return await readSaved(this.admin, this.#place);
  }

  /** Sends chunks; saves the position at once or within a second. */
  async publish(chunks: readonly Chunk[], progress: SavedProgress): Promise<void> {
    const metadata = encodeSaved(progress); // If this fails, nothing must be published.
    await sendChunks(this.#producer, chunks, this.#send);
    this.#unsaved = { offset: String(progress.handled), metadata };
    const wait = this.#savedAt + SAVE_EVERY - performance.now();
    if (wait <= 0) return await this.#save();
    // The timer saves even if nothing follows. If it fails, the next batch reports why.
    this.#timer ??= setTimeout(() => this.#save().catch(() => {}), wait);
  }

  /** Saves the last position and disconnects. */
  async close(): Promise<void> {
    await this.#save().catch(() => {});
    const clients = [this.#producer, this.admin, this.#committer];
    await Promise.all(clients.map((client) => disconnect(client)));
  }

  async #save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const unsaved = this.#unsaved;
    if (unsaved === undefined) return;
    this.#unsaved = undefined;
    this.#savedAt = performance.now();
    const { group, topic } = this.#place;
    try {
      await this.#committer.commit({ groupId: group, topic, partition: 0, ...unsaved });
    } catch (error) {
      this.#unsaved ??= unsaved;
      throw error;
    }
  }
}
