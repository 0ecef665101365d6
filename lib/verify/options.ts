import type { Transform } from "../edits/transform.ts";
import type { Cluster } from "../kafka/client/cluster.ts";
import type { PositionPlace } from "../kafka/publish/position/position_store.ts";
import type { Position } from "../upstream/position/position.ts";
import type { EventStream } from "../upstream/stream.ts";

/** Defines a comparison: the span, the source and the topics. */
export interface VerifyOptions {
  /** The start of the span, by the times of the edits, ms since 1970. */
  readonly since: number;
  /** The end of the span, ms since 1970. */
  readonly until: number;
  /** Opens the source at a position. */
  readonly open: (position: Position, stop: AbortSignal) => EventStream;
  /** Makes a record of an event as the producer does. */
  readonly transform: Transform;
  /** The names of the fields of the values, in their order. Default: unknown. */
  readonly fieldNames?: readonly string[] | undefined;
  /** The cluster that has the topics. */
  readonly cluster: Cluster;
  /** Default: the topics of the records that the source has. */
  readonly topics?: readonly string[] | undefined;
  /** Where the producer saves its position. Default: its progress is ignored. */
  readonly place?: PositionPlace | undefined;
  /** Ends the comparison without a result. */
  readonly stop: AbortSignal;
  /** Called several times a second. */
  readonly onProgress?: (progress: VerifyProgress) => void;
  /** The approximate number of records that are compared at once. Default 1,000,000. */
  readonly maxRecords?: number;
  /**
   * How long to wait for a producer whose position does not move, in ms (default 30,000), and for
   * open transactions (default 60,000).
   */
  readonly patienceMs?: number;
}

/** The progress of a comparison. */
export interface VerifyProgress {
  /** The current work. */
  readonly phase:
    | "reading the source"
    | "waiting for the producer"
    | "reading the topic"
    | "reading the source again";
  /** The finished part of the phase, from 0 to 1. */
  readonly part: number;
  /** Records that were read from the source, or found in the topic. */
  readonly records: number;
}
