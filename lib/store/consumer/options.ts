import type { SessionTimes } from "../../kafka/consume/consumer_options.ts";
import type { JsonValues } from "../../avro/json_values.ts";
import type { StoreProgress } from "./progress.ts";
import type { Sink } from "../sink.ts";

/** The topic to store, and how to store it. */
export interface StoreOptions {
  /** The name of the topic. */
  readonly topic: string;
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
  /** Converts Avro values to JSON. Default: they are put aside, like records that are not edits. */
  readonly readable?: JsonValues;
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
