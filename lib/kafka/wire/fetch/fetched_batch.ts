import { type AbortedTransaction, AbortedTransactions } from "./aborted_transactions.ts";
import { decompress } from "../compression.ts";
import type { FetchedRecord } from "./fetched_record.ts";
import type { RecordBatch } from "./record_set.ts";
import { UnreadableRecords } from "../unreadable_records.ts";

/** A number that may be beyond 2^53, as kafkajs has it. */
interface Int64 {
  toString(): string;
}

/** What a fetch brought of a partition, as kafkajs's response decoder hands it on. */
export interface FetchedPartition {
  readonly partition: number;
  readonly highWatermark: string;
  readonly abortedTransactions?: readonly AbortedTransaction[] | null;
  /** Our record batches; records only if they are in an older message format. */
  readonly messages: readonly RecordBatch[] | readonly OldMessage[];
}

/** A record in message format 0 or 1, as kafkajs decodes it. */
interface OldMessage {
  readonly offset: string;
}

/** Some records, and where reading goes on after them. */
export interface Chunk {
  readonly records: readonly FetchedRecord[];
  readonly next: number;
}

/** Batches are unpacked together until they have this many bytes. */
const CHUNK_BYTES = 1024 * 1024;

/** Type of a control record, the second int16 of its key (Kafka's `ControlRecordType`). */
const ABORT = 0;

/**
 * What one fetch brought of one partition, in the place of kafkajs's `Batch`. Record batches are
 * checked, unpacked and decoded when they are reached, so that memory holds only a chunk of them.
 */
export class FetchedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly highWatermark: string;
  /** The offset that the fetch asked for, in digits. */
  readonly fetchedOffset: string;
  /** kafkajs only counts them; records come from {@linkcode FetchedBatch.chunks}. */
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
   * The records that are to be read, some at a time; chunks may have none. Not those before the
   * fetched offset, of aborted transactions, or of Kafka's own.
   *
   * @throws {UnreadableRecords} for records that are corrupt or too large.
   */
  *chunks(): Generator<Chunk> {
    const from = Number(this.fetchedOffset);
    this.#checkProgress(from);
    const aborted = new AbortedTransactions(this.#aborted);
    let records: FetchedRecord[] = [];
    let bytes = 0;
    for (const [i, batch] of this.#batches.entries()) {
      if (batch.isControl) endAborted(batch, aborted);
      else if (!aborted.has(batch)) bytes += batch.readInto(records, from, decompress);
      if (bytes < CHUNK_BYTES && i + 1 < this.#batches.length) continue;
      yield { records, next: batch.lastOffset + 1 };
      [records, bytes] = [[], 0];
    }
    const last = this.#oldMessages.at(-1);
    if (last === undefined) return;
    const old = this.#oldMessages.filter(({ offset }) => Number(offset) >= from);
    yield { records: old as unknown as FetchedRecord[], next: Number(last.offset) + 1 };
  }

  /** A fetch that brings only what has been read would be repeated for ever. */
  #checkProgress(from: number): void {
    const last = this.#batches.at(-1)?.lastOffset ?? Number(this.#oldMessages.at(-1)?.offset);
    if (last >= from) return;
    throw new UnreadableRecords(`offset ${from} was asked for, and records end at ${last}`);
  }

  /** Without any record batch; one without records is not empty, since reading has to go past it. */
  isEmpty(): boolean {
    return this.#batches.length + this.#oldMessages.length === 0;
  }

  /** Never: kafkajs must not go past batches without records by itself. */
  isEmptyDueToFiltering(): boolean {
    return false;
  }

  /** kafkajs reports this and what follows in its events, which nothing here listens to. */
  firstOffset(): string {
    return this.fetchedOffset;
  }

  lastOffset(): string {
    return this.fetchedOffset;
  }

  offsetLag(): string {
    return "0";
  }

  offsetLagLow(): string {
    return "0";
  }
}

/** A marker of an abort ends what is to be left out. */
function endAborted(batch: RecordBatch, aborted: AbortedTransactions): void {
  if (!aborted.has(batch)) return;
  const records: FetchedRecord[] = [];
  batch.readInto(records, 0, decompress);
  const key = records[0]?.key;
  if (!key || key.length < 4) return;
  const type = new DataView(key.buffer, key.byteOffset, key.length).getInt16(2);
  if (type === ABORT) aborted.end(batch.producerId);
}
