import type { Buffer } from "node:buffer";
import {
  ATTRIBUTES,
  CHECKSUM,
  CODEC_MASK,
  CONTROL,
  COUNT,
  FIRST_TIMESTAMP,
  LAST_OFFSET_DELTA,
  LEADER_EPOCH,
  LENGTH,
  LOG_APPEND_TIME,
  MAGIC,
  MAX_TIMESTAMP,
  PRODUCER_ID,
  RECORDS,
  TRANSACTIONAL,
} from "../batch_layout.ts";
import { decompress } from "../compression.ts";
import { crc32c } from "../crc32c.ts";
import { release } from "./response_memory.ts";
import { type RecordContext, RecordCursor } from "./fetched_record.ts";
import { readBatch, UnreadableRecords } from "../unreadable_records.ts";

/** A record batch (message format 2) as it was fetched. Its records are decoded on demand. */
export class RecordBatch {
  readonly #bytes: Buffer;
  /** The first offset of the batch. */
  readonly baseOffset: number;
  /** The last offset of the batch, even if its record was removed. */
  readonly lastOffset: number;
  /** The number of records; 0 after the log cleaner removed all. */
  readonly count: number;
  /** The id of the producer in digits; -1 for none. */
  readonly producerId: string;
  /** Whether the batch belongs to a transaction. */
  readonly isTransactional: boolean;
  /** Whether this is a marker of Kafka's own: the end of a transaction. */
  readonly isControl: boolean;

  /**
   * Reads the header of a batch.
   *
   * @param bytes The whole batch, at least {@linkcode RECORDS} bytes.
   * @throws {UnreadableRecords} for impossible offsets or counts.
   */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    const attributes = bytes.readInt16BE(ATTRIBUTES);
    const span = bytes.readInt32BE(LAST_OFFSET_DELTA);
    this.baseOffset = Number(bytes.readBigInt64BE(0));
    this.lastOffset = this.baseOffset + span;
    this.count = bytes.readInt32BE(COUNT);
    this.producerId = String(bytes.readBigInt64BE(PRODUCER_ID));
    this.isTransactional = (attributes & TRANSACTIONAL) !== 0;
    this.isControl = (attributes & CONTROL) !== 0;
    const isSafe = this.baseOffset >= 0 && Number.isSafeInteger(this.lastOffset);
    if (!isSafe || span < 0 || this.count < 0) {
      throw new UnreadableRecords(
        `a batch at offset ${this.baseOffset} spans ${span} offsets with ${this.count} records`,
      );
    }
  }

  /**
   * Checks the batch, unpacks it and returns a cursor for its records from the offset `from` on.
   *
   * @throws {UnreadableRecords} if it is corrupt or too large; it names the batch's offset.
   */
  open(from: number): RecordCursor {
    const context = readBatch(this.baseOffset, () => this.#unpack());
    return new RecordCursor(context, this.count, from);
  }

  /** Notes that the records of this batch and of its partition are handled. */
  release(): void {
    release(this.#bytes);
  }

  #unpack(): RecordContext {
    const bytes = this.#bytes;
    const [wanted, found] = [bytes.readUInt32BE(CHECKSUM), crc32c(bytes.subarray(ATTRIBUTES))];
    if (wanted !== found) {
      throw new UnreadableRecords(`records are corrupt: checksum ${found}, expected ${wanted}`);
    }
    const attributes = bytes.readInt16BE(ATTRIBUTES);
    const codec = attributes & CODEC_MASK;
    const packed = bytes.subarray(RECORDS);
    return {
      bytes: codec === 0 || packed.length === 0 ? packed : decompress(codec, packed),
      baseOffset: this.baseOffset,
      firstTimestamp: Number(bytes.readBigInt64BE(FIRST_TIMESTAMP)),
      appendTime: (attributes & LOG_APPEND_TIME) === 0
        ? undefined
        : Number(bytes.readBigInt64BE(MAX_TIMESTAMP)),
    };
  }
}

/**
 * Splits the fetched bytes of a partition into record batches. The last one may be cut off by the
 * fetch's limit. It is left out, and is part of the next fetch.
 *
 * @throws {UnreadableRecords} for anything that is not a batch, and for offsets out of order.
 */
export function splitBatches(bytes: Buffer): RecordBatch[] {
  const batches: RecordBatch[] = [];
  for (let at = 0; at + LEADER_EPOCH <= bytes.length;) {
    const end = at + LEADER_EPOCH + bytes.readInt32BE(at + LENGTH);
    if (at + MAGIC >= bytes.length) break;
    // A batch of an older format is next: it is fetched separately.
    if (bytes[at + MAGIC]! < 2 && batches.length > 0) break;
    if (bytes[at + MAGIC] !== 2) {
      throw new UnreadableRecords(`message format ${bytes[at + MAGIC]} is not known`);
    }
    if (end < at + RECORDS) {
      throw new UnreadableRecords(`a record batch has only ${end - at} bytes`);
    }
    if (end > bytes.length) break;
    const batch = new RecordBatch(bytes.subarray(at, end));
    const before = batches.at(-1)?.lastOffset ?? -1;
    if (batch.baseOffset <= before) {
      throw new UnreadableRecords(`offset ${batch.baseOffset} follows offset ${before}`);
    }
    batches.push(batch);
    at = end;
  }
  return batches;
}
