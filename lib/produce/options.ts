import type { Transform } from "../edits/outgoing.ts";
import type { Publisher } from "../kafka/publish/publisher.ts";
import type { OutgoingRecord } from "../kafka/publish/chunks.ts";
import type { Position } from "../upstream/resume/position.ts";
import type { EventStream } from "../upstream/stream.ts";
import type { ProduceCounts } from "./counts.ts";

/** What the pipeline is made of, and how it is to work. */
export interface ProduceOptions {
  /** Opens the stream at a position. */
  readonly open: (position: Position, stop: AbortSignal) => EventStream;
  /** Identifies the stream: a position of another one is of no use. */
  readonly stream: string;
  /** Where to begin when nothing is saved, in ms; `undefined`: now. */
  readonly since: number | undefined;
  /** Ends behind the last event of before that time, in ms. */
  readonly until?: number | undefined;
  readonly transform: Transform;
  readonly publisher: Publisher;
  /** The topic for what is refused; without it that is only counted and logged. */
  readonly deadLetterTopic?: string | undefined;
  /** Ends after exactly so many records; dead letters do not count. */
  readonly limit?: number | undefined;
  /** The most records of one batch. */
  readonly batchSize: number;
  /** How long a batch waits for more records, in ms; 0: what gathers while another is in flight. */
  readonly linger: number;
  /** How long a stop may take to publish what is in hand, in ms. */
  readonly shutdownTimeout: number;
  readonly stop: AbortSignal;
  readonly counts: ProduceCounts;
  /** Told of how far the position is, in ms, before anything is read. */
  readonly onBegin?: ((reached: number) => Promise<void>) | undefined;
  /** Told of every batch that was published. */
  readonly onPublished?: ((batch: PublishedBatch) => void) | undefined;
}

/** A batch that Kafka has, and what it took. */
export interface PublishedBatch {
  /** Without dead letters; none where only the position was saved. */
  readonly records: readonly OutgoingRecord[];
  /** From the first attempt to the commit, in ms. */
  readonly ms: number;
}
