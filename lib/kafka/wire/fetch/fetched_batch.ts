import { type AbortedTransaction, AbortedTransactions } from "./aborted_transactions.ts";
import type { FetchedRecord } from "./fetched_record.ts";
import type { RecordBatch } from "./record_set.ts";
import { UnreadableRecords } from "../unreadable_records.ts";

/** A number that may exceed 2^53, in kafkajs's form. */
interface Int64 {
  toString(): string;
}

/** The part of a fetch for one partition, in the form of kafkajs's response decoder. */
export interface FetchedPartition {
  /** The partition of the topic. */
  readonly partition: number;
  /** The offset after the last replicated record, in digits. */
  readonly highWatermark: string;
  /** Aborted transactions in the fetched range. */
  readonly abortedTransactions?: readonly AbortedTransaction[] | null;
  /** This program's record batches, or kafkajs's records if they have an older message format. */
  readonly messages: readonly RecordBatch[] | readonly OldMessage[];
}

/** A record in message format 0 or 1, as kafkajs decodes it. */
interface OldMessage {
  readonly offset: string;
}

/** Some records, and the offset after them. */
export interface FetchedRecords {
  /** Records to be read; may be empty. */
  readonly records: readonly FetchedRecord[];
  /** The offset at which reading continues. */
  readonly next: number;
}

/** Batches are unpacked together until they have this many bytes. */
const CHUNK_BYTES = 1024 * 1024;

/** The type of an abort marker, the second int16 of its key (Kafka's `ControlRecordType`). */
const ABORT = 0;

/**
 * The result of one fetch for one partition, in place of kafkajs's `Batch`. Record batches are
 * checked, unpacked and decoded when they are reached, so that memory holds only a chunk of them.
 */
export class FetchedBatch {
  /** The topic that was fetched. */
  readonly topic: string;
  /** The partition that was fetched. */
  readonly partition: number;
  /** The offset after the last replicated record, in digits. */
  readonly highWatermark: string;
  /** The requested offset, in digits. */
  readonly fetchedOffset: string;
  /** Always empty: kafkajs only counts it. Records come from {@linkcode FetchedBatch.chunks}. */
  readonly messages: readonly never[] = [];
  readonly #batches: readonly RecordBatch[];
  readonly #oldMessages: readonly OldMessage[];
  readonly #aborted: readonly AbortedTransaction[] | null | undefined;

  constructor(topic: string, fetchedOffset: Int64, fetched: FetchedPartition) {
    this.topic = topic;
    this.partition = fetched.partition;
    this.highWatermark = fetched.highWatermark;
    this.fetchedOffset = fetchedOffset.toString();
    const isOld = fetched.messages[0] !== undefined && "offset" in fetched.messages[0];
    this.#batches = isOld ? [] : fetched.messages as readonly RecordBatch[];
    this.#oldMessages = isOld ? fetched.messages as readonly OldMessage[] : [];
    this.#aborted = fetched.abortedTransactions;
  }

  /**
   * Yields the records to be read, some at a time; chunks may be empty. Records before the
   * requested offset, of aborted transactions and of Kafka's own are left out.
   *
   * @param mostRecords The maximum number of records in a chunk. Default: no limit.
   * @throws {UnreadableRecords} for records that are corrupt or too large.
   */
  *chunks(mostRecords = Infinity): Generator<FetchedRecords> {
    const from = Number(this.fetchedOffset);
    this.#checkProgress(from);
    const aborted = new AbortedTransactions(this.#aborted);
    let records: FetchedRecord[] = [];
    let bytes = 0;
    for (const [i, batch] of this.#batches.entries()) {
      if (batch.isControl) endAborted(batch, aborted);
      else if (!aborted.has(batch)) {
        const cursor = batch.open(from);
        for (bytes += cursor.readInto(records, mostRecords); !cursor.isAtEnd;) {
          yield { records, next: Number(records.at(-1)!.offset) + 1 };
          records = [];
          bytes = cursor.readInto(records, mostRecords);
        }
      }
      if (bytes < CHUNK_BYTES && i + 1 < this.#batches.length) continue;
      yield { records, next: batch.lastOffset + 1 };
      [records, bytes] = [[], 0];
    }
    const last = this.#oldMessages.at(-1);
    if (last === undefined) return;
    const old = this.#oldMessages.filter(({ offset }) => Number(offset) >= from);
    yield { records: old as unknown as FetchedRecord[], next: Number(last.offset) + 1 };
  }

  /**
   * Notes that the records are handled: they may become empty. Those in older message formats are
   * left to garbage collection.
   */
  release(): void {
    this.#batches[0]?.release();
  }

  /** Throws for a fetch of only old records, which would be repeated forever. */
  #checkProgress(from: number): void {
    const last = this.#batches.at(-1)?.lastOffset ?? Number(this.#oldMessages.at(-1)?.offset);
    if (last >= from) return;
    throw new UnreadableRecords(`offset ${from} was requested, but the records end at ${last}`);
  }

  /**
   * Returns whether there is no record batch. Batches without records count: reading must pass
   * them.
   */
  isEmpty(): boolean {
    return this.#batches.length + this.#oldMessages.length === 0;
  }

  /** Returns false, so that kafkajs does not skip batches without records by itself. */
  isEmptyDueToFiltering(): boolean {
    return false;
  }

  /**
   * Returns the requested offset. kafkajs reports this and the following in events that have no
   * listener.
   */
  firstOffset(): string {
    return this.fetchedOffset;
  }

  /** Returns the requested offset. */
  lastOffset(): string {
    return this.fetchedOffset;
  }

  /** Returns 0. */
  offsetLag(): string {
    return "0";
  }

  /** Returns 0. */
  offsetLagLow(): string {
    return "0";
  }
}

/** Ends an aborted transaction if the batch is an abort marker. */
function endAborted(batch: RecordBatch, aborted: AbortedTransactions): void {
  if (!aborted.has(batch)) return;
  const records: FetchedRecord[] = [];
  batch.open(0).readInto(records, 1);
  const key = records[0]?.key;
  if (!key || key.length < 4) return;
  const type = new DataView(key.buffer, key.byteOffset, key.length).getInt16(2);
  if (type === ABORT) aborted.end(batch.producerId);
}
