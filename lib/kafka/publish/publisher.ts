import { ExitCode, UserError } from "../../shared/error.ts";
import type { ProducerRecord } from "../../shared/producer_record.ts";
import type { Progress } from "./position/saved_position.ts";

/**
 * The interface between the pipeline and Kafka. Batches are published in upstream's order and one
 * at a time, each with the position after its last event.
 */
export interface Publisher {
  /**
   * Connects, locks out older producers of this name (if the delivery can), and reads the saved
   * position.
   *
   * @returns `undefined` if nothing is saved under this name.
   * @throws {UserError} if Kafka cannot be used, within about 10 s.
   */
  open(): Promise<Progress | undefined>;

  /**
   * Publishes a batch or, if the batch has cuts, a first part of it, and saves the position after
   * the last record. Retries while Kafka is unreachable, until `signal` is aborted.
   *
   * @returns What was published. `rejected` if a topic rejects most of the records, after a pause:
   * nothing is saved or dropped, and the batch is to be published again, perhaps with more records.
   * @throws {PublishAborted} if `signal` was aborted, or the publisher closed, before that.
   * @throws {TakenOver} if another producer of this name is running.
   * @throws {UserError} if a topic rejects the last batch for too long, or if retrying would not
   * help.
   */
  publish(batch: Batch, signal: AbortSignal): Promise<Published | "rejected">;

  /** Saves the last position if it is not saved yet, and disconnects; never throws. */
  close(): Promise<void>;

  /** Counts since the start. */
  readonly counts: PublisherCounts;
}

/** Records, and the progress after the last of them. */
export interface Batch extends Progress {
  /** The records in upstream's order. */
  readonly records: readonly ProducerRecord[];
  /** Where the batch may be divided, in order. Default: nowhere. */
  readonly cuts?: readonly Cut[] | undefined;
  /** The latest time that the stream has reached, in ms since 1970. Default: unknown. */
  readonly reached?: number | undefined;
  /** Whether nothing follows, so that waiting for a topic that rejects the records is bounded. */
  readonly isLast?: boolean | undefined;
  /**
   * Makes the record that is published in place of a rejected one: the dead letter of an edit, or
   * for a dead letter a changed one. `undefined`: there is none.
   */
  readonly replace?:
    | ((
      rejected: RejectedRecord & { readonly detail?: string | null },
    ) => ProducerRecord | undefined)
    | undefined;
}

/** A point at which a batch may be divided, with the progress there. */
export interface Cut extends Progress {
  /** Number of records before it. */
  readonly count: number;
  /** Bytes of their values. */
  readonly bytes: number;
}

/** The result of one `publish()`. */
export interface Published {
  /** Number of records, from the first of the batch, that are done: published or rejected. */
  readonly count: number;
  /** Records that Kafka rejected, with its error name; without dead letters. */
  readonly rejected: readonly RejectedRecord[];
}

/** A record that Kafka rejects alone: it is too large, or its timestamp is out of bounds. */
export interface RejectedRecord {
  /** The rejected record. */
  readonly record: ProducerRecord;
  /** Kafka's name of the error. */
  readonly reason: string;
}

/** Counts for the status line, the metrics and the closing summary. */
export interface PublisherCounts {
  /** Transactions, or with at-least-once batches, that were completed. */
  batches: number;
  /** Transactions that were aborted or abandoned. */
  aborted: number;
  /** Producers that were created again after a failure. */
  restarts: number;
  /** Whether the last attempt reached Kafka. */
  connected: boolean;
  /** Whether a topic rejects most of what is published, so that the producer waits. */
  rejecting: boolean;
  /** Until when a broker delays the producer because of a quota, in ms since 1970. */
  throttledUntil: number;
}

/** Returns the counts of a new publisher. */
export function newPublisherCounts(): PublisherCounts {
  return {
    batches: 0,
    aborted: 0,
    restarts: 0,
    connected: false,
    rejecting: false,
    throttledUntil: 0,
  };
}

/** The error if another producer with this name took over. This one must stop. */
export class TakenOver extends UserError {
  /** The exit code of the program. */
  override readonly exitCode = ExitCode.takenOver;

  constructor(name: string) {
    super(`Cannot continue: another producer named '${name}' took over`, {
      hint: "Run only one producer per name, or choose another --name",
    });
  }
}

/** The error if records could not be published in the time that was left. */
export class PublishAborted extends UserError {
  /** Creates it for the number of pending records. */
  constructor(records: number) {
    const last = records === 1 ? "record" : `${records} records`;
    const what = records === 0 ? "saved the position" : `acknowledged the last ${last}`;
    super(`Cannot stop in time: Kafka has not ${what}; the position is not advanced`, {
      hint:
        "The next start publishes what is missing. Set a longer --shutdown-timeout if this happens often",
    });
  }
}
