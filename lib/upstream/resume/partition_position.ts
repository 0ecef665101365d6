/** A place in one upstream topic-partition: after the last event that was handled. */
export interface PartitionPosition {
  /**
   * The highest Kafka timestamp (ms) received from this topic-partition, if it is credible: T. The
   * event that carried it was received, and the service starts at the first offset with a timestamp
   * of at least T, so asking for T never skips an event. Asking for less only costs repeats.
   */
  readonly timestamp: number;
  /** The highest timestamp (ms) received, credible or not: no repeat can have a higher one. */
  readonly highest: number;
  /** `meta.offset` of the last event handled, -1 before the first. */
  readonly offset: number;
  /** The anchor: `meta.id` of the last event handled, or what is saved of it. See `hasId()`. */
  readonly id: string;
  /** Frames after that event that could not be read, and were handled by being refused. */
  readonly refused: number;
}

/** One more event, or one more refused frame, as far as its place is concerned. */
export interface PositionUpdate {
  /** Upstream topic and partition, as in {@linkcode partitionKey}. */
  readonly key: string;
  /** Kafka timestamp in ms that the event's `id` tells; `undefined` if it is not credible. */
  readonly timestamp: number | undefined;
  /** The timestamp that is not credible, since it is too far ahead. */
  readonly ahead?: number | undefined;
  /** `meta.offset`; `undefined` for a refused frame. */
  readonly offset: number | undefined;
  /** `meta.id`; `undefined` for a refused frame. */
  readonly id: string | undefined;
  /** Whether an event with this id was handled before, at another offset. */
  readonly isRepeated?: boolean;
}
