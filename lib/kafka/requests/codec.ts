import { Buffer } from "node:buffer";

/**
 * One request of Kafka's protocol in its flexible encoding (KIP-482), which kafkajs does not
 * support. The source of all fields is Apache Kafka's message definitions.
 */
export interface ProtocolRequest<T> {
  /** Kafka's number of the request. */
  readonly apiKey: number;
  /** Kafka's name of the request. */
  readonly apiName: string;
  /** The version that {@linkcode encode} writes and {@linkcode decode} reads. */
  readonly apiVersion: number;
  /** Writes the body of the request. */
  encode(writer: ProtocolWriter): void;
  /** Reads the body of the answer. */
  decode(reader: ProtocolReader): T;
}

/** Writes the primitive types of the flexible encoding into a buffer that grows. */
export class ProtocolWriter {
  #buffer = Buffer.allocUnsafe(256);
  #length = 0;

  /** The bytes written so far. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Writes a boolean as one byte. */
  boolean(value: boolean): void {
    this.int8(value ? 1 : 0);
  }

  /** Writes a signed integer of 8 bits. */
  int8(value: number): void {
    this.#length = this.#room(1).writeInt8(value, this.#length);
  }

  /** Writes a signed integer of 32 bits. */
  int32(value: number): void {
    this.#length = this.#room(4).writeInt32BE(value, this.#length);
  }

  /** Writes a signed integer of 64 bits. */
  int64(value: bigint): void {
    this.#length = this.#room(8).writeBigInt64BE(value, this.#length);
  }

  /** Writes an unsigned integer of variable length (base 128). */
  uvarint(value: number): void {
    let left = value;
    for (; left > 0x7f; left >>>= 7) this.#byte(left & 0x7f | 0x80);
    this.#byte(left);
  }

  /** Writes a text after its length. */
  string(value: string): void {
    const size = Buffer.byteLength(value);
    this.uvarint(size + 1);
    this.#room(size).write(value, this.#length);
    this.#length += size;
  }

  /** Writes `items` after their number. `undefined` becomes null, which usually means "all". */
  array<T>(items: readonly T[] | undefined, write: (item: T) => void): void {
    if (items === undefined) return this.uvarint(0);
    this.uvarint(items.length + 1);
    for (const item of items) write(item);
  }

  /** Ends a structure: writes an empty section of tagged fields. */
  end(): void {
    this.uvarint(0);
  }

  #byte(value: number): void {
    this.#room(1)[this.#length++] = value;
  }

  #room(bytes: number): Buffer {
    if (this.#length + bytes > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(2 * (this.#length + bytes));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    return this.#buffer;
  }
}

/**
 * Reads the types that {@linkcode ProtocolWriter} writes.
 *
 * @throws {RangeError} for an answer that ends too early or has impossible lengths.
 */
export class ProtocolReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Reads a boolean. */
  boolean(): boolean {
    return this.int8() !== 0;
  }

  /** Reads a signed integer of 8 bits. */
  int8(): number {
    return this.#buffer.readInt8(this.#skip(1));
  }

  /** Reads a signed integer of 16 bits. */
  int16(): number {
    return this.#buffer.readInt16BE(this.#skip(2));
  }

  /** Reads a signed integer of 32 bits. */
  int32(): number {
    return this.#buffer.readInt32BE(this.#skip(4));
  }

  /** Reads a signed integer of 64 bits. */
  int64(): bigint {
    return this.#buffer.readBigInt64BE(this.#skip(8));
  }

  /** Reads an int64 as a number; offsets, sizes and times stay below 2^53. */
  long(): number {
    return Number(this.int64());
  }

  /** Reads an unsigned integer of variable length (base 128). */
  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#buffer.readUInt8(this.#skip(1));
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("Cannot read an answer of Kafka: a number is longer than five bytes");
  }

  /** Reads a text; null becomes empty. */
  string(): string {
    return this.nullableString() ?? "";
  }

  /** Reads a text or null. */
  nullableString(): string | null {
    return this.#nullableBytes()?.toString() ?? null;
  }

  /** Reads bytes; null becomes empty. */
  bytes(): Buffer {
    return this.#nullableBytes() ?? Buffer.alloc(0);
  }

  /** Reads 16 bytes in the form that Kafka prints: 22 characters of base64url. */
  uuid(): string {
    const start = this.#skip(16);
    return this.#buffer.toString("base64url", start, start + 16);
  }

  /** Reads an array; null becomes empty. */
  array<T>(read: () => T): T[] {
    const length = this.uvarint() - 1;
    return this.#items(length, read);
  }

  /** Reads an array whose length is an int32, as in older structures. */
  plainArray<T>(read: () => T): T[] {
    return this.#items(this.int32(), read);
  }

  /** Reads a string whose length is an int16, as in older structures. */
  plainString(): string {
    const length = Math.max(0, this.int16());
    const start = this.#skip(length);
    return this.#buffer.toString("utf8", start, start + length);
  }

  /** Ends a structure: skips its tagged fields. */
  end(): void {
    for (let left = this.uvarint(); left > 0; left--) {
      this.uvarint();
      this.#skip(this.uvarint());
    }
  }

  #items<T>(length: number, read: () => T): T[] {
    // Each item takes at least one byte, so a larger number is wrong and must not be allocated.
    if (length > this.#buffer.length - this.#at) throw tooShort();
    const items: T[] = [];
    for (let i = 0; i < length; i++) items.push(read());
    return items;
  }

  #nullableBytes(): Buffer | undefined {
    const length = this.uvarint() - 1;
    if (length < 0) return undefined;
    const start = this.#skip(length);
    return this.#buffer.subarray(start, start + length);
  }

  #skip(bytes: number): number {
    const start = this.#at;
    if (start + bytes > this.#buffer.length) throw tooShort();
    this.#at = start + bytes;
    return start;
  }
}

function tooShort(): RangeError {
  return new RangeError("Cannot read an answer of Kafka: it ends too early");
}
