import { ByteReader } from "./byte_reader.ts";
import { readBatch, UnreadableRecords } from "../unreadable_records.ts";

/** The facts that all records of one batch share. */
export interface RecordContext {
  /** The unpacked records, one after another. */
  readonly bytes: Uint8Array;
  /** The offset to which the records' offsets are relative. */
  readonly baseOffset: number;
  /** The time to which the records' timestamps are relative, in ms since 1970. */
  readonly firstTimestamp: number;
  /** The time of all records if the broker sets it, in ms since 1970. */
  readonly appendTime: number | undefined;
}

/** The value of a header; a list of these if its name occurs more than once. */
type HeaderValue = Uint8Array | undefined;

const utf8 = new TextDecoder();

/**
 * One record, as a view of the fetched bytes: nothing is copied, and each field is decoded when it
 * is read. The bytes stay in memory as long as any of the records does.
 */
export class FetchedRecord {
  /** Kept for the next read of the value: a view takes longer to make than to look at. */
  private valueView: Uint8Array | null = null;

  constructor(
    private readonly context: RecordContext,
    /** The difference of the record's offset and the context's. */
    readonly offsetDelta: number,
    private readonly timestampDelta: number,
    private readonly keyAt: number,
    private readonly keyLength: number,
    private readonly valueAt: number,
    /** The size of the value in bytes; -1 if it is null. */
    readonly valueLength: number,
    private readonly headersAt: number,
    private readonly end: number,
  ) {}

  /** The record's offset, in decimal digits. */
  get offset(): string {
    return String(this.context.baseOffset + this.offsetDelta);
  }

  /** ms since 1970, in decimal digits. */
  get timestamp(): string {
    const { appendTime, firstTimestamp } = this.context;
    return String(appendTime ?? firstTimestamp + this.timestampDelta);
  }

  /** The key, or null. */
  get key(): Uint8Array | null {
    return view(this.context.bytes, this.keyAt, this.keyLength);
  }

  /** The value, or null. */
  get value(): Uint8Array | null {
    return this.valueView ??= view(this.context.bytes, this.valueAt, this.valueLength);
  }

  /**
   * The headers by name.
   *
   * @throws {UnreadableRecords} if they are corrupt.
   */
  get headers(): Record<string, HeaderValue | HeaderValue[]> {
    return readHeaders(new ByteReader(this.context.bytes, this.headersAt, this.end));
  }
}

function view(bytes: Uint8Array, at: number, length: number): Uint8Array | null {
  return length < 0 ? null : new Uint8Array(bytes.buffer, bytes.byteOffset + at, length);
}

/** Decodes the records of one batch, some at a time. */
export class RecordCursor {
  readonly #context: RecordContext;
  readonly #reader: ByteReader;
  readonly #firstDelta: number;
  /** The number of records that were not read yet. */
  #left: number;

  /**
   * Begins at the first record.
   *
   * @param count The number of records that the batch declares. It determines no allocation.
   * @param from The first offset to include.
   */
  constructor(context: RecordContext, count: number, from: number) {
    this.#context = context;
    this.#reader = new ByteReader(context.bytes);
    this.#firstDelta = from - context.baseOffset;
    this.#left = count;
  }

  /** Whether all records were read. */
  get isAtEnd(): boolean {
    return this.#left === 0;
  }

  /**
   * Appends records until `records` has `most` of them or the batch ends.
   *
   * @returns The number of bytes that were read.
   * @throws {UnreadableRecords} if there are fewer or more bytes than the declared records take; it
   * names the batch's offset.
   */
  readInto(records: FetchedRecord[], most: number): number {
    return readBatch(this.#context.baseOffset, () => this.#readInto(records, most));
  }

  #readInto(records: FetchedRecord[], most: number): number {
    const reader = this.#reader;
    const { length } = reader.bytes;
    const begin = reader.at;
    for (; this.#left > 0 && records.length < most; this.#left--) {
      reader.end = length;
      const size = reader.varint();
      const end = reader.at + size;
      if (size < 0 || end > length) {
        throw new UnreadableRecords(`a record of ${size} bytes does not fit in its batch`);
      }
      reader.end = end;
      const record = readRecord(this.#context, reader);
      if (record.offsetDelta >= this.#firstDelta) records.push(record);
      reader.at = end;
    }
    if (this.#left === 0 && reader.at !== length) {
      throw new UnreadableRecords(`${length - reader.at} bytes follow the last record`);
    }
    return reader.at - begin;
  }
}

/** Reads the record from its attributes to `reader.end`. */
function readRecord(context: RecordContext, reader: ByteReader): FetchedRecord {
  reader.at++; // Attributes, which Kafka does not use.
  const timestampDelta = reader.varlong();
  const offsetDelta = reader.varint();
  const keyLength = reader.skipBytes();
  const keyAt = reader.at - Math.max(keyLength, 0);
  const valueLength = reader.skipBytes();
  const valueAt = reader.at - Math.max(valueLength, 0);
  return new FetchedRecord(
    context,
    offsetDelta,
    timestampDelta,
    keyAt,
    keyLength,
    valueAt,
    valueLength,
    reader.at,
    reader.end,
  );
}

function readHeaders(reader: ByteReader): Record<string, HeaderValue | HeaderValue[]> {
  const count = reader.varint();
  const headers = new Map<string, HeaderValue | HeaderValue[]>();
  for (let i = 0; i < count; i++) {
    const name = utf8.decode(readBytes(reader));
    const value = readBytes(reader);
    if (!headers.has(name)) headers.set(name, value);
    else headers.set(name, [headers.get(name) as HeaderValue, value].flat());
  }
  return Object.fromEntries(headers);
}

function readBytes(reader: ByteReader): Uint8Array | undefined {
  const length = reader.skipBytes();
  return view(reader.bytes, reader.at - Math.max(length, 0), length) ?? undefined;
}
