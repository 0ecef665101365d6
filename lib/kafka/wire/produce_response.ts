/** The part of kafkajs's `Decoder` that a Produce response needs. */
export interface Decoder {
  readInt16(): number;
  readInt32(): number;
  readInt64(): { toString(): string };
  readString(): string | null;
  readArray<T>(read: (decoder: Decoder) => T): T[];
}

/** One record that the broker rejected, and why. */
export interface RecordError {
  /** Place of the record in its batch, from 0. */
  readonly index: number;
  readonly message: string | null;
}

/** The answer for one partition. */
export interface PartitionAnswer {
  readonly partition: number;
  /** 0: the broker has the batch. */
  readonly errorCode: number;
  readonly baseOffset: string;
  readonly logAppendTime: string;
  readonly logStartOffset: string;
  /** The records that made the broker reject the batch; empty if it does not blame single ones. */
  readonly recordErrors: readonly RecordError[];
  readonly errorMessage: string | null;
  /** How long the broker delays the connection because of a quota, in ms. */
  readonly throttleMs: number;
}

/** A Produce response, as kafkajs uses it. */
export interface ProduceResponse {
  readonly topics: readonly {
    readonly topicName: string | null;
    readonly partitions: readonly PartitionAnswer[];
  }[];
  readonly throttleTime: number;
  /** kafkajs sends nothing more on the connection for so many ms. */
  readonly clientSideThrottleTime: number;
}

/**
 * Reads a Produce response of version 8, the first that names the records at fault (KIP-467).
 * kafkajs knows version 7 at most.
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
