import { ByteBuffer } from "./byte_buffer.ts";

/**
 * A log of events, as the local EventStreams server serves it. Like Kafka's, it has topics with one
 * partition each, is numbered without gaps, and gives the same result at every read.
 */
export interface EventLog {
  /** The topics of the log. */
  readonly topics: readonly TopicLog[];
  /** The time at which the first record appears, on the log's own clock (ms). */
  readonly origin: number;
}

/** One topic of an {@linkcode EventLog}. Records are addressed by index, `first` to `end - 1`. */
export interface TopicLog {
  /** The name of the topic. */
  readonly topic: string;
  /** The number of its partition. */
  readonly partition: number;
  /** The names under which `/v2/stream/…` serves this topic. */
  readonly streams: readonly string[];
  /** The oldest record that can still be read. */
  readonly first: number;
  /** The index after the last record; `Infinity` if the log is endless. */
  readonly end: number;
  /** The number that the event carries as `meta.offset`. */
  offset(index: number): number;
  /** The record's timestamp in Kafka (ms): nearly, but not strictly, ascending. */
  timestamp(index: number): number;
  /** When the record appears, on the log's own clock (ms); never descending. */
  due(index: number): number;
  /** The first record that appears at `time` or later; `end` if there is none. */
  firstDue(time: number): number;
  /** The first record with a timestamp of `timestamp` or more; `end` if there is none. */
  firstAt(timestamp: number): number;
  /** The first record with this offset or a higher one; `end` if there is none. */
  firstFrom(offset: number): number;
  /** Appends the event: UTF-8 JSON on one line, unless the record is damaged. */
  write(index: number, to: ByteBuffer): void;
  /**
   * A damaged frame that goes out as it was recorded, instead of the event in a frame of its own.
   */
  verbatim?(index: number): Uint8Array | undefined;
}

/** The names of the streams that a topic belongs to: `eqiad.mediawiki.x` is in `x`, too. */
export function streamsOf(topic: string): readonly string[] {
  const stream = topic.replace(/^(eqiad|codfw)\./, "");
  return [...new Set([stream, stream.replace(/^mediawiki\./, "")])];
}

/** One record with all its facts. */
export interface LogRecord {
  /** The name of the topic. */
  readonly topic: string;
  /** The number of its partition. */
  readonly partition: number;
  /** The offset in the partition. */
  readonly offset: number;
  /** The record's timestamp in Kafka, in ms. */
  readonly timestamp: number;
  /** The event: UTF-8 JSON on one line, unless the record is damaged. */
  readonly data: Uint8Array;
}

/** Reads the records of one topic, in order, from `from` to before `to`. */
export function* records(
  log: TopicLog,
  from: number = log.first,
  to: number = log.end,
): Generator<LogRecord> {
  const buffer = new ByteBuffer();
  for (let index = Math.max(from, log.first); index < Math.min(to, log.end); index++) {
    log.write(index, buffer);
    yield {
      topic: log.topic,
      partition: log.partition,
      offset: log.offset(index),
      timestamp: log.timestamp(index),
      data: buffer.take(),
    };
  }
}
