import { type Cluster, disconnect } from "../../client/cluster.ts";
import type { Admin, Producer } from "../../client/kafkajs.ts";
import {
  type OffsetCommitter,
  offsetCommitter,
  type OffsetWithMetadata,
} from "../../client/offsets.ts";
import { type PositionPlace, readSaved } from "../position_store.ts";
import type { Chunk } from "../chunks.ts";
import { encodeSaved, type SavedProgress } from "../saved_position.ts";
import { sendChunks, type SendOptions } from "../send.ts";
import type { ProducerSession, ProducerSessionOptions } from "./producer_session.ts";

/** The position is saved this often, in ms, and when the work ends. */
const SAVE_EVERY = 1000;

/**
 * No transactions: records first, and the position of what was acknowledged at most once a second.
 * What was published behind the last saved position is published again after a crash, and nothing
 * keeps a second producer of the same name out.
 */
export class AtLeastOnce implements ProducerSession {
  readonly #place: PositionPlace;
  readonly #send: SendOptions;
  readonly admin: Admin;
  readonly #producer: Producer;
  readonly #committer: OffsetCommitter;
  /** Acknowledged, and not saved yet. */
  #unsaved: Pick<OffsetWithMetadata, "offset" | "metadata"> | undefined;
  #savedAt = 0;
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

  async open(): Promise<SavedProgress | undefined> {
    const clients = [this.#producer, this.admin, this.#committer];
    await Promise.all(clients.map((client) => client.connect()));
    return await readSaved(this.admin, this.#place);
  }

  async publish(chunks: readonly Chunk[], progress: SavedProgress): Promise<void> {
    const metadata = encodeSaved(progress); // Where that fails, nothing is to be published.
    await sendChunks(this.#producer, chunks, this.#send);
    this.#unsaved = { offset: String(progress.handled), metadata };
    const wait = this.#savedAt + SAVE_EVERY - Date.now();
    if (wait <= 0) return await this.#save();
    // Also when nothing follows for a long time. If it fails, the next batch tells why.
    this.#timer ??= setTimeout(() => this.#save().catch(() => {}), wait);
  }

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
    this.#savedAt = Date.now();
    const { group, topic } = this.#place;
    try {
      await this.#committer.commit({ groupId: group, topic, partition: 0, ...unsaved });
    } catch (error) {
      this.#unsaved ??= unsaved;
      throw error;
    }
  }
}
