/** The part of kafkajs's `Decoder` that a Produce response needs. */
export interface Decoder {
  /** Reads a signed integer of 16 bits. */
  readInt16(): number;
  /** Reads a signed integer of 32 bits. */
  readInt32(): number;
  /** Reads a signed integer of 64 bits. */
  readInt64(): { toString(): string };
  /** Reads a text. */
  readString(): string | null;
  /** Reads a list. */
  readArray<T>(read: (decoder: Decoder) => T): T[];
}

/** A record that the broker rejected, and the reason. */
export interface RecordError {
  /** The index of the record in its batch, from 0. */
  readonly index: number;
  /** The reason, if the broker gives one. */
  readonly message: string | null;
}

/** The response for one partition. */
export interface PartitionAnswer {
  /** The partition of the topic. */
  readonly partition: number;
  /** Kafka's error code; 0 if the broker has accepted the batch. */
  readonly errorCode: number;
  /** The offset of the first record, in digits. */
  readonly baseOffset: string;
  /** The time that the broker set, in ms since 1970; -1 if it did not. */
  readonly logAppendTime: string;
  /** The first offset of the partition, in digits. */
  readonly logStartOffset: string;
  /** The records that made the broker reject the batch; empty if it does not blame single ones. */
  readonly recordErrors: readonly RecordError[];
  /** The reason in the broker's words, if it gives one. */
  readonly errorMessage: string | null;
  /** How long the broker delays the connection because of a quota, in ms. */
  readonly throttleMs: number;
}

/** A Produce response in the form of kafkajs. */
export interface ProduceResponse {
  /** Responses by topic and partition. */
  readonly topics: readonly {
    readonly topicName: string | null;
    readonly partitions: readonly PartitionAnswer[];
  }[];
  /** Always 0: the delay is in `clientSideThrottleTime`. */
  readonly throttleTime: number;
  /** How long kafkajs sends nothing more on the connection, in ms. */
  readonly clientSideThrottleTime: number;
}

/**
 * Decodes a Produce response of version 8, the first that names the rejected records (KIP-467).
 * kafkajs knows versions up to 7.
 */
export function readProduceResponse(decoder: Decoder): ProduceResponse {
  const topics = decoder.readArray((decoder) => ({
    topicName: decoder.readString(),
    partitions: decoder.readArray(readPartition),
  }));
  const throttleMs = decoder.readInt32();
  return {
    topics: topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map((partition) => ({ ...partition, throttleMs })),
    })),
    throttleTime: 0,
    clientSideThrottleTime: throttleMs,
  };
}

function readPartition(decoder: Decoder): Omit<PartitionAnswer, "throttleMs"> {
  return {
    partition: decoder.readInt32(),
    errorCode: decoder.readInt16(),
    baseOffset: decoder.readInt64().toString(),
    logAppendTime: decoder.readInt64().toString(),
    logStartOffset: decoder.readInt64().toString(),
    recordErrors: decoder.readArray((decoder) => ({
      index: decoder.readInt32(),
      message: decoder.readString(),
    })),
    errorMessage: decoder.readString(),
  };
}
