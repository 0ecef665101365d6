import { type Cluster, disconnect } from "./cluster.ts";
import { type Admin, type OffsetCommitter, offsetCommitter, type Producer } from "./kafkajs.ts";
import type { PositionPlace } from "./position_store.ts";
import type { Chunk } from "./record.ts";
import { encodeSaved, type SavedProgress } from "./saved.ts";
import { type Compression, sendChunks } from "./send.ts";
import type { Session, SessionOptions } from "./session.ts";

/** The position is saved this often, in ms, and when the work ends. */
const SAVE_EVERY = 1000;

/**
 * No transactions: records first, and the position of what was acknowledged at most once a second.
 * What was published behind the last saved position is published again after a crash, and nothing
 * keeps a second producer of the same name out.
 */
export class AtLeastOnce implements Session {
  readonly #place: PositionPlace;
  readonly #compression: Compression;
  readonly admin: Admin;
  readonly #producer: Producer;
  readonly #committer: OffsetCommitter;
  /** Acknowledged, and not saved yet. */
  #unsaved: SavedProgress | undefined;
  #savedAt = 0;

  constructor(cluster: Cluster, { place, compression }: SessionOptions) {
    this.#place = place;
    this.#compression = compression;
    this.admin = cluster.producing.admin();
    this.#committer = offsetCommitter(cluster.producing);
    this.#producer = cluster.producing.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner: () => ({ message }) => message.partition!,
    });
  }

  async open(): Promise<void> {
    const clients = [this.#producer, this.admin, this.#committer];
    await Promise.all(clients.map((client) => client.connect()));
  }

  async publish(chunks: readonly Chunk[], progress: SavedProgress): Promise<void> {
    await sendChunks(this.#producer, chunks, this.#compression);
    this.#unsaved = progress;
    if (Date.now() - this.#savedAt >= SAVE_EVERY) await this.#save();
  }

  async close(): Promise<void> {
    await this.#save().catch(() => {});
    const clients = [this.#producer, this.admin, this.#committer];
    await Promise.all(clients.map((client) => disconnect(client)));
  }

  async #save(): Promise<void> {
    if (this.#unsaved === undefined) return;
    const { group, topic } = this.#place;
    await this.#committer.commit({
      ...{ groupId: group, topic, partition: 0 },
      ...{ offset: String(this.#unsaved.handled), metadata: encodeSaved(this.#unsaved) },
    });
    this.#unsaved = undefined;
    this.#savedAt = Date.now();
  }
}
