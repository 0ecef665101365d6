import type { Admin } from "../../client/kafkajs.ts";
import type { PositionPlace } from "../position/position_store.ts";
import type { Chunk } from "../send/chunks.ts";
import type { SavedProgress } from "../position/saved_position.ts";
import type { Compression } from "../send/send.ts";

/** The facts that a session needs. */
export interface ProducerSessionOptions {
  /** Where the position is saved; the group is the producer's name. */
  readonly place: PositionPlace;
  /** The compression of record batches. */
  readonly compression: Compression;
  /** How long a transaction may stay open, in ms. */
  readonly transactionTimeout: number;
  /** Called with the delay, in ms, that a broker imposes because of a quota. */
  readonly onThrottle: (ms: number) => void;
}

/**
 * A producer from its connection to its first failure. After that it is dropped and replaced, since
 * kafkajs's producers do not recover from most failures. The differences between deliveries are
 * here, what they share is in `Delivery`.
 */
export interface ProducerSession {
  /**
   * Connects, takes over the name if the delivery can, and reads the saved position.
   *
   * @throws {UserError} for a position that cannot be read.
   */
  open(): Promise<SavedProgress | undefined>;
  /**
   * Publishes chunks and saves the position after them.
   *
   * @throws {ChunksRejected} if brokers only rejected records: the session can continue. After any
   * other failure it must be closed.
   */
  publish(chunks: readonly Chunk[], progress: SavedProgress): Promise<void>;
  /** A client for other requests while the session is open. */
  readonly admin: Admin;
  /** Disconnects within bounds. Never throws. */
  close(): Promise<void>;
}
