import { Buffer } from "node:buffer";
import {
  ATTRIBUTES,
  CHECKSUM,
  COUNT,
  LAST_OFFSET_DELTA,
} from "../../../lib/kafka/wire/batch_layout.ts";
import { crc32c } from "../../../lib/kafka/wire/crc32c.ts";
import type { AbortedTransaction } from "../../../lib/kafka/wire/fetch/aborted_transactions.ts";
import { compress } from "../../../lib/kafka/wire/compression.ts";
import { FetchedBatch, type FetchedRecords } from "../../../lib/kafka/wire/fetch/fetched_batch.ts";
import type { Message } from "../../../lib/kafka/wire/message.ts";
import { recordBatch } from "../../../lib/kafka/wire/record_batch.ts";
import { splitBatches } from "../../../lib/kafka/wire/fetch/record_set.ts";

/** A record batch in the form of a broker. */
export interface BatchSpec {
  readonly offset?: number;
  /** Default: the number of messages minus one. */
  readonly lastOffsetDelta?: number;
  readonly messages: readonly Message[];
  readonly codec?: number;
  /** Whether it belongs to a transaction. */
  readonly producerId?: number;
  /** Whether it is a marker of Kafka's own. */
  readonly isControl?: boolean;
}

/** Encodes a batch, and then sets the fields that only brokers write. */
export async function batchBytes(
  { offset = 0, messages, codec = 0, producerId, isControl = false, ...spec }: BatchSpec,
): Promise<Buffer> {
  const head = {
    compression: codec,
    transactional: producerId !== undefined,
    producerId: BigInt(producerId ?? -1),
    producerEpoch: 0,
    firstSequence: 0,
  };
  const bytes = await recordBatch(messages, head, compress);
  bytes.writeBigInt64BE(BigInt(offset), 0);
  if (isControl) bytes.writeInt16BE(bytes.readInt16BE(ATTRIBUTES) | 0b10_0000, ATTRIBUTES);
  bytes.writeInt32BE(spec.lastOffsetDelta ?? messages.length - 1, LAST_OFFSET_DELTA);
  return withChecksum(bytes);
}

/** Returns the header of a batch, as compaction leaves it if it removes all records. */
export async function emptyBatch(offset: number, lastOffsetDelta: number): Promise<Buffer> {
  const bytes = await batchBytes({ offset, lastOffsetDelta, messages: [] });
  bytes.writeInt32BE(0, COUNT);
  return withChecksum(bytes);
}

/** Corrects the checksum of a changed batch. */
export function withChecksum(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(crc32c(bytes.subarray(ATTRIBUTES)), CHECKSUM);
  return bytes;
}

/** Reads the bytes of a fetch as a consumer does. */
export function chunksOf(
  bytes: Buffer,
  from = 0,
  abortedTransactions: readonly AbortedTransaction[] = [],
  mostRecords?: number,
): FetchedRecords[] {
  const messages = splitBatches(bytes);
  const fetched = { partition: 0, highWatermark: "0", messages, abortedTransactions };
  return [...new FetchedBatch("topic", String(from), fetched).chunks(mostRecords)];
}

/** Returns the offsets of the records that a consumer gets, and the next offset. */
export function offsetsOf(chunks: readonly FetchedRecords[]): { offsets: number[]; next: number } {
  return {
    offsets: chunks.flatMap(({ records }) => records.map(({ offset }) => Number(offset))),
    next: chunks.at(-1)?.next ?? 0,
  };
}
