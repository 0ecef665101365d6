/** The position in one upstream topic-partition: after the last event that was handled. */
export interface PartitionPosition {
  /**
   * The highest credible Kafka timestamp (ms) received from this topic-partition: T. The event with
   * it was received, and the service starts at the first offset with a timestamp of at least T. So
   * a request for T never skips an event; an earlier request only costs duplicates.
   */
  readonly timestamp: number;
  /**
   * The highest timestamp (ms) received, credible or not, or the time that the stream had reached
   * when it first named this topic-partition, if that is higher. No duplicate can have a higher one.
   */
  readonly highest: number;
  /** `meta.offset` of the last event handled, -1 before the first. */
  readonly offset: number;
  /** The anchor: `meta.id` of the last event handled, or its saved form. See `hasId()`. */
  readonly id: string;
  /** Frames after that event that could not be read, and were rejected. */
  readonly rejected: number;
}

/** Returns the offset expected after a position, if each rejected frame took one. */
export function offsetAfter({ offset, rejected }: PartitionPosition): number {
  return offset + 1 + rejected;
}

/** The effect of one more event, or of one more rejected frame, on the position. */
export interface PositionUpdate {
  /** Upstream topic and partition, as in {@linkcode upstreamPartition}. */
  readonly key: string;
  /** Kafka timestamp in ms according to the event's `id`; `undefined` if it is not credible. */
  readonly timestamp: number | undefined;
  /** The timestamp, if it is not credible because it is too far ahead. */
  readonly ahead?: number | undefined;
  /** `meta.offset`; `undefined` for a rejected frame. */
  readonly offset: number | undefined;
  /** `meta.id`; `undefined` for a rejected frame. */
  readonly id: string | undefined;
  /** Whether an event with this id was handled before, at another offset. */
  readonly isRepeated?: boolean;
  /** Rejected frames that were handled before and follow the event (default 0). */
  readonly rejectedBehind?: number;
}
