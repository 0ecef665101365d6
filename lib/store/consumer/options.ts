import type { SessionTimes } from "../../kafka/consume/consumer_options.ts";
import type { ReadOptions } from "../../kafka/consume/read_options.ts";
import type { StoreProgress } from "./progress.ts";
import type { Sink } from "../sink.ts";

/** The topics to store, and how to store them. */
export interface StoreOptions {
  /** One topic or several. Members of one group may have different ones. */
  readonly topics: readonly string[];
  /** The consumer group whose members share the partitions. */
  readonly group: string;
  /** The database. */
  readonly sink: Sink;
  /** The maximum number of a partition's records in one transaction of the database. */
  readonly batchSize: number;
  /** Stops after this number of records. Default: no limit. */
  readonly maxRecords?: number | undefined;
  /** Membership of the group. Default: {@linkcode SESSION}. */
  readonly session?: SessionTimes;
  /** Stops as soon as the pending transactions are done. */
  readonly signal: AbortSignal;
  /** Counts what happens. */
  readonly progress: StoreProgress;
  /**
   * Returns the records to store, in their order, perhaps with other values; the others are
   * skipped. Default: all, as they are.
   */
  readonly select?: ReadOptions["select"];
  /** Called after each batch that was written. */
  readonly onStored?: ((batch: StoredBatch) => void) | undefined;
}

/** A batch that was written to the database. */
export interface StoredBatch {
  /** The number of records. */
  readonly records: number;
  /** The time from the first attempt to the commit, in ms. */
  readonly ms: number;
}
