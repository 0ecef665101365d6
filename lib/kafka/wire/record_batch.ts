import { Buffer } from "node:buffer";
import {
  ATTRIBUTES,
  CHECKSUM,
  COUNT,
  FIRST_SEQUENCE,
  FIRST_TIMESTAMP,
  LAST_OFFSET_DELTA,
  LEADER_EPOCH,
  LENGTH,
  MAGIC,
  MAX_TIMESTAMP,
  PRODUCER_EPOCH,
  PRODUCER_ID,
  RECORDS,
  TRANSACTIONAL,
} from "./batch_layout.ts";
import { ByteWriter, sizeOfVarint } from "./byte_writer.ts";
import { crc32c } from "./crc32c.ts";
import type { Message } from "./message.ts";

/** The fields of a record batch besides its records. */
export interface BatchHead {
  /** The number of the codec; 0 for none. */
  readonly compression: number;
  /** Whether the batch belongs to a transaction. */
  readonly transactional: boolean;
  /** The id of the producer; -1 for none. */
  readonly producerId: bigint;
  /** The epoch of the producer id. */
  readonly producerEpoch: number;
  /** The producer's sequence number in the partition, of the first record. */
  readonly firstSequence: number;
}

/** Compresses records with a codec, by its number. */
export type Compress = (codec: number, records: Buffer) => Promise<Uint8Array>;

/**
 * Encodes messages as one record batch (Kafka's message format 2, `DefaultRecordBatch`), in a
 * buffer of exactly the required size. Timestamps are relative to the earliest one.
 *
 * @param now The timestamp of messages without one, in ms since 1970.
 */
export async function recordBatch(
  messages: readonly Message[],
  head: BatchHead,
  compress: Compress,
  now = Date.now(),
): Promise<Buffer> {
  const timestamps = messages.map(({ timestamp }) => Number(timestamp ?? now));
  let first = timestamps[0] ?? now;
  let max = first;
  for (const timestamp of timestamps) {
    if (timestamp < first) first = timestamp;
    if (timestamp > max) max = timestamp;
  }
  const sizes = messages.map((message, i) => sizeOfRecord(message, timestamps[i]! - first, i));
  const size = sizes.reduce((sum, size) => sum + sizeOfVarint(size) + size, RECORDS);
  const writer = new ByteWriter(size, RECORDS);
  for (const [i, message] of messages.entries()) {
    writer.varint(sizes[i]!);
    writeRecord(writer, message, timestamps[i]! - first, i);
  }
  const batch = await compressed(writer.buffer, head.compression, compress);
  writeHead(batch, head, messages.length, first, max);
  return batch;
}

function writeHead(
  batch: Buffer,
  { compression, transactional, producerId, producerEpoch, firstSequence }: BatchHead,
  count: number,
  first: number,
  max: number,
): void {
  batch.writeBigInt64BE(0n, 0);
  batch.writeInt32BE(batch.length - LEADER_EPOCH, LENGTH);
  batch.writeInt32BE(0, LEADER_EPOCH);
  batch.writeInt8(2, MAGIC);
  batch.writeInt16BE(compression | (transactional ? TRANSACTIONAL : 0), ATTRIBUTES);
  batch.writeInt32BE(count - 1, LAST_OFFSET_DELTA);
  batch.writeBigInt64BE(BigInt(first), FIRST_TIMESTAMP);
  batch.writeBigInt64BE(BigInt(max), MAX_TIMESTAMP);
  batch.writeBigInt64BE(producerId, PRODUCER_ID);
  batch.writeInt16BE(producerEpoch, PRODUCER_EPOCH);
  batch.writeInt32BE(firstSequence, FIRST_SEQUENCE);
  batch.writeInt32BE(count, COUNT);
  batch.writeUInt32BE(crc32c(batch.subarray(ATTRIBUTES)), CHECKSUM);
}

/** Returns the batch with its records compressed, and room for its head. */
async function compressed(batch: Buffer, codec: number, compress: Compress): Promise<Buffer> {
  if (codec === 0) return batch;
  const records = await compress(codec, batch.subarray(RECORDS));
  return Buffer.concat([batch.subarray(0, RECORDS), records]);
}

type Bytes = string | Uint8Array;

/** Returns the size of a record without its leading length. */
function sizeOfRecord({ key, value, headers }: Message, timestamp: number, offset: number): number {
  let size = 1 + sizeOfVarint(timestamp) + sizeOfVarint(offset) + sizeOfBytes(key) +
    sizeOfBytes(value);
  if (headers === undefined) return size + 1;
  const pairs = headerPairs(headers);
  size += sizeOfVarint(pairs.length);
  for (const [name, value] of pairs) size += sizeOfBytes(name) + sizeOfBytes(value);
  return size;
}

function writeRecord(
  writer: ByteWriter,
  { key, value, headers }: Message,
  timestamp: number,
  offset: number,
): void {
  writer.int8(0);
  writer.varint(timestamp);
  writer.varint(offset);
  writeBytes(writer, key);
  writeBytes(writer, value);
  if (headers === undefined) return writer.varint(0);
  const pairs = headerPairs(headers);
  writer.varint(pairs.length);
  for (const [name, value] of pairs) {
    writeBytes(writer, name);
    writeBytes(writer, value);
  }
}

/** Returns pairs of name and value: a name can occur several times. */
function headerPairs(headers: NonNullable<Message["headers"]>): [string, Bytes | undefined][] {
  return Object.entries(headers).flatMap(([name, values]) =>
    (Array.isArray(values) ? values : [values]).map((value): [string, Bytes | undefined] => [
      name,
      value,
    ])
  );
}

function sizeOfBytes(value: Bytes | null | undefined): number {
  if (value === null || value === undefined) return sizeOfVarint(-1);
  const length = lengthOf(value);
  return sizeOfVarint(length) + length;
}

function writeBytes(writer: ByteWriter, value: Bytes | null | undefined): void {
  if (value === null || value === undefined) return writer.varint(-1);
  writer.varint(lengthOf(value));
  if (typeof value === "string") writer.text(value);
  else writer.bytes(value);
}

function lengthOf(value: Bytes): number {
  return typeof value === "string" ? Buffer.byteLength(value) : value.length;
}
