/** A record for Kafka, before it has a partition. */
export interface ProducerRecord {
  /** The topic's name. */
  readonly topic: string;
  /** UTF-8. Records with one key go to one partition, in order. Null: a random one per batch. */
  readonly key: Uint8Array | null;
  /** UTF-8 for JSON; with Avro, the bytes of the registry's wire format. */
  readonly value: Uint8Array;
  /** ms since 1970: when the event happened. */
  readonly timestamp: number;
  /** Values in UTF-8. */
  readonly headers?: Readonly<Record<string, Uint8Array>> | undefined;
  /** Marks a dead letter. */
  readonly deadLetter?: DeadLetterMark | undefined;
}

/** Describes a dead letter beside its record. */
export interface DeadLetterMark {
  /** Bytes of the value before it was cut. */
  readonly bytes: number;
  /** Whether its timestamp was changed to one that the broker accepts. */
  readonly isRetimed: boolean;
}
