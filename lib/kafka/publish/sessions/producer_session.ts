import type { Admin } from "../../client/kafkajs.ts";
import type { PositionPlace } from "../position_store.ts";
import type { Chunk } from "../chunks.ts";
import type { SavedProgress } from "../saved_position.ts";
import type { Compression } from "../send.ts";

/** What a session has to know. */
export interface ProducerSessionOptions {
  readonly place: PositionPlace;
  readonly compression: Compression;
  /** How long a transaction may stand open, in ms. */
  readonly transactionTimeout: number;
  /** Called with the delay, in ms, that a broker imposes because of a quota. */
  readonly onThrottle: (ms: number) => void;
}

/**
 * One producer's life at the brokers, from its connection to its first failure: after that it is
 * dropped and another one takes its place, since kafkajs's producers do not recover from most.
 * What differs between deliveries is here, what they share is in `Delivery`.
 */
export interface ProducerSession {
  /**
   * Connects, takes the name over where that exists, and reads what is saved under it.
   *
   * @throws {UserError} for a position that cannot be read.
   */
  open(): Promise<SavedProgress | undefined>;
  /**
   * Publishes chunks and saves the position behind them.
   *
   * @throws {ChunksRejected} if brokers only rejected records: the session can go on. After any
   * other failure it must be closed.
   */
  publish(chunks: readonly Chunk[], progress: SavedProgress): Promise<void>;
  /** For questions on the side, while the session is open. */
  readonly admin: Admin;
  /** Disconnects, within bounds; never throws. */
  close(): Promise<void>;
}
