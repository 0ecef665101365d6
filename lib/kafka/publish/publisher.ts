import { ExitCode, UserError } from "../../shared/error.ts";
import type { OutgoingRecord } from "./chunks.ts";
import type { Progress } from "./saved_position.ts";

/**
 * The seam between the pipeline and Kafka: batches go in, in upstream's order and one at a time,
 * each with the position behind its last event. A delivery is an implementation of it.
 */
export interface Publisher {
  /**
   * Connects, makes sure that no older producer of this name can publish any more (where the
   * delivery can), and reads what was saved.
   *
   * @returns `undefined` when nothing is saved under this name.
   * @throws {UserError} when Kafka cannot be used, said in words, within about 10 s.
   */
  open(): Promise<Progress | undefined>;

  /**
   * Publishes a batch and saves the position behind it. Returns when that is so; while Kafka is away
   * it tries on, until `signal` ends it.
   *
   * @returns What Kafka does not take, alone or in company, with Kafka's reason.
   * @throws {PublishAborted} when `signal` ended it.
   * @throws {TakenOver} when another producer of this name is at work.
   * @throws {UserError} when trying on would not help.
   */
  publish(batch: Batch, signal: AbortSignal): Promise<readonly RefusedRecord[]>;

  /** Saves what is not saved yet and disconnects; never throws. */
  close(): Promise<void>;

  /** Counted since the start. */
  readonly counts: PublisherCounts;
}

/** Records, and how far the work has come with them. */
export interface Batch extends Progress {
  readonly records: readonly OutgoingRecord[];
  /** Makes a record that Kafka refuses into one that is published in its place. */
  readonly replace?: ((refused: RefusedRecord) => OutgoingRecord | undefined) | undefined;
}

/** One record that Kafka does not take: too large, or its timestamp is out of bounds. */
export interface RefusedRecord {
  readonly record: OutgoingRecord;
  readonly reason: string;
}

/** Read by status line, metrics and the closing summary. */
export interface PublisherCounts {
  /** Transactions, or with at-least-once batches, that were completed. */
  batches: number;
  /** Transactions that were aborted or left behind. */
  aborted: number;
  /** Producers that were made anew after a failure. */
  restarts: number;
  /** Whether Kafka is there, as far as the last attempt tells. */
  connected: boolean;
}

/** Another producer with this name took over: this one is to stop. */
export class TakenOver extends UserError {
  override readonly name = "TakenOver";
  override readonly exitCode = ExitCode.takenOver;

  constructor(name: string) {
    super(`Another producer named '${name}' took over`, {
      hint: "Only one producer may run under a name: give this one another with --name",
    });
  }
}

/** What could not be published in the time that was left. */
export class PublishAborted extends UserError {
  override readonly name = "PublishAborted";

  constructor(records: number) {
    const last = records === 1 ? "record" : `${records} records`;
    const what = records === 0 ? "saved the position" : `took the last ${last}`;
    super(`Stopped before Kafka ${what}; the position is not advanced`, {
      hint: "The next start publishes what is missing. --shutdown-timeout says how long to try",
    });
  }
}
