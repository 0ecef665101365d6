import { Buffer } from "node:buffer";
import type { ProtocolReader, ProtocolRequest } from "./codec.ts";
import type { AbortedTransaction } from "../wire/fetch/aborted_transactions.ts";

/** Where to fetch in a partition. */
export interface FetchFrom {
  /** The number of the partition. */
  readonly partition: number;
  /** The offset of the first record that is wanted. */
  readonly offset: number | bigint;
}

/** The records of one partition, as the broker has them. */
export interface FetchAnswer {
  /** The number of the partition. */
  readonly partition: number;
  /** Kafka's error code, 0 if there is none. */
  readonly errorCode: number;
  /** The next offset to be written. */
  readonly highWatermark: number;
  /** The aborted transactions among the records. */
  readonly abortedTransactions: readonly AbortedTransaction[];
  /** Record batches, the last one perhaps cut short. */
  readonly records: Buffer;
}

/** Bounds of one fetch. */
export interface FetchLimits {
  /** How long the broker waits for the first record, in ms. */
  readonly maxWaitMs: number;
  /** Maximum size of the answer, in bytes. */
  readonly maxBytes: number;
  /** Maximum size of the records of one partition, in bytes. */
  readonly maxBytesPerPartition: number;
  /** Leaves out records of open transactions, and lists the aborted ones. Default `true`. */
  readonly committedOnly?: boolean;
}

/** Fetches records of one topic from a leader (Fetch, version 12: Kafka 2.7). */
export function fetchRequest(
  topic: string,
  partitions: readonly FetchFrom[],
  { maxWaitMs, maxBytes, maxBytesPerPartition, committedOnly = true }: FetchLimits,
): ProtocolRequest<FetchAnswer[]> {
  return {
    apiKey: 1,
    apiName: "Fetch",
    apiVersion: 12,
    encode(writer) {
      writer.int32(-1); // replica_id: a consumer
      writer.int32(maxWaitMs);
      writer.int32(1); // min_bytes
      writer.int32(maxBytes);
      writer.int8(committedOnly ? 1 : 0); // isolation_level
      writer.int32(0); // session_id: none
      writer.int32(-1); // session_epoch: none
      writer.array([topic], (topic) => {
        writer.string(topic);
        writer.array(partitions, ({ partition, offset }) => {
          writer.int32(partition);
          writer.int32(-1); // current_leader_epoch: unknown
          writer.int64(BigInt(offset));
          writer.int32(-1); // last_fetched_epoch: unknown
          writer.int64(-1n); // log_start_offset: a consumer
          writer.int32(maxBytesPerPartition);
          writer.end();
        });
        writer.end();
      });
      writer.array([], () => {}); // forgotten_topics_data
      writer.string(""); // rack_id
      writer.end();
    },
    decode(reader) {
      reader.int32(); // throttle_time_ms
      const errorCode = reader.int16();
      reader.int32(); // session_id
      return reader.array(() => {
        reader.string(); // topic
        const answers = reader.array(() => answerOf(reader, errorCode));
        reader.end();
        return answers;
      }).flat();
    },
  };
}

/** @param errorCode That of the whole fetch. */
function answerOf(reader: ProtocolReader, errorCode: number): FetchAnswer {
  const partition = reader.int32();
  const ownErrorCode = reader.int16();
  const highWatermark = reader.long();
  reader.long(); // last_stable_offset
  reader.long(); // log_start_offset
  const abortedTransactions = reader.array(() => {
    const producerId = String(reader.int64());
    const firstOffset = String(reader.int64());
    reader.end();
    return { producerId, firstOffset };
  });
  reader.int32(); // preferred_read_replica
  const records = reader.bytes();
  reader.end();
  return {
    partition,
    errorCode: ownErrorCode || errorCode,
    highWatermark,
    abortedTransactions,
    records,
  };
}
