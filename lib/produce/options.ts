import type { Transform } from "../edits/transform.ts";
import type { Publisher } from "../kafka/publish/publisher.ts";
import type { ProducerRecord } from "../shared/producer_record.ts";
import type { Position } from "../upstream/position/position.ts";
import type { EventStream } from "../upstream/stream.ts";
import type { ProduceCounts } from "./counts.ts";

/** The parts and settings of the pipeline. */
export interface ProduceOptions {
  /** Opens the stream at a position. */
  readonly open: (position: Position, stop: AbortSignal) => EventStream;
  /** The URL of the stream, which identifies it: a position belongs to one stream. */
  readonly stream: string;
  /** Where to start if no position is saved, in ms since 1970. `undefined`: now. */
  readonly since: number | undefined;
  /** Ends after the last event from before this time, in ms since 1970. Default: no end. */
  readonly until?: number | undefined;
  /** The marks of the options, saved with the position: see `optionMarks()`. Default: none. */
  readonly optionMarks?: string | undefined;
  /** Makes a record of an event, or drops the event. */
  readonly transform: Transform;
  /** Publishes batches with the position. */
  readonly publisher: Publisher;
  /** The topic for rejected events. Default: they are only counted and logged. */
  readonly deadLetterTopic?: string | undefined;
  /** Ends after exactly this number of records; dead letters do not count. Default: no end. */
  readonly limit?: number | undefined;
  /** Maximum number of records in a batch. */
  readonly batchSize: number;
  /** How long a batch waits for more records, in ms. With 0 it waits only for the one in flight. */
  readonly linger: number;
  /** Maximum time to flush pending records on shutdown, in ms. */
  readonly shutdownTimeout: number;
  /** Stops the pipeline, which then publishes pending records. */
  readonly stop: AbortSignal;
  /** Updated by the pipeline. */
  readonly counts: ProduceCounts;
  /** Called before anything is read, with the time that the position has reached, in ms. */
  readonly onBegin?: ((reached: number) => Promise<void>) | undefined;
  /** Called after every published batch. */
  readonly onPublished?: ((batch: PublishedBatch) => void) | undefined;
}

/** A published batch. */
export interface PublishedBatch {
  /** Its records without dead letters; empty if only the position was saved. */
  readonly records: readonly ProducerRecord[];
  /** From the first attempt to the commit, in ms. */
  readonly ms: number;
}
