import type { SessionTimes } from "../../kafka/consume/consumer_options.ts";
import type { JsonValues } from "../../avro/json_values.ts";
import type { Progress } from "./progress.ts";
import type { Sink } from "../sink.ts";

/** What is stored, and how. */
export interface StoreOptions {
  readonly topic: string;
  /** The consumer group whose members share the partitions. */
  readonly group: string;
  readonly sink: Sink;
  /** The most records of a partition in one transaction of the database. */
  readonly batchSize: number;
  /** Stop after so many records. Default: no limit. */
  readonly maxRecords?: number | undefined;
  /** Membership of the group. Default: {@linkcode SESSION}. */
  readonly session?: SessionTimes;
  /** Stop as soon as the transactions in hand are done. */
  readonly signal: AbortSignal;
  /** Is told what happens. */
  readonly progress: Progress;
  /** Makes JSON of values in Avro. Default: they are put aside, as what is no edit. */
  readonly readable?: JsonValues;
  /** Told of every batch that was written. */
  readonly onStored?: ((batch: StoredBatch) => void) | undefined;
}

/** A batch that the database has. */
export interface StoredBatch {
  readonly records: number;
  /** From the first attempt to the commit, in ms. */
  readonly ms: number;
}
