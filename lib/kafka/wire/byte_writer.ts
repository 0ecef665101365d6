import { Buffer } from "node:buffer";

/** Writes Kafka's primitive types, big-endian, into one buffer whose size is known beforehand. */
export class ByteWriter {
  readonly buffer: Buffer;
  #at: number;

  /**
   * @param size Bytes of the buffer; all of them have to be written, by whomever.
   * @param start Where to begin writing.
   */
  constructor(size: number, start = 0) {
    this.buffer = Buffer.allocUnsafe(size);
    this.#at = start;
  }

  int8(value: number): void {
    this.#at = this.buffer.writeInt8(value, this.#at);
  }

  int16(value: number): void {
    this.#at = this.buffer.writeInt16BE(value, this.#at);
  }

  int32(value: number): void {
    this.#at = this.buffer.writeInt32BE(value, this.#at);
  }

  /** A signed integer of variable length (zigzag, base 128): any that is safe and not below -1. */
  varint(value: number): void {
    let left = zigzag(value);
    while (left > 0x7f) {
      this.buffer[this.#at++] = left & 0x7f | 0x80;
      left = Math.floor(left / 0x80);
    }
    this.buffer[this.#at++] = left;
  }

  bytes(value: Uint8Array): void {
    this.buffer.set(value, this.#at);
    this.#at += value.length;
  }

  text(value: string): void {
    this.#at += this.buffer.write(value, this.#at);
  }

  /** A text behind its length in two bytes, which for null is -1. */
  string(value: string | null): void {
    if (value === null) return this.int16(-1);
    this.int16(Buffer.byteLength(value));
    this.text(value);
  }
}

/** Bytes that {@linkcode ByteWriter.string} takes. */
export function sizeOfString(value: string | null): number {
  return 2 + (value === null ? 0 : Buffer.byteLength(value));
}

/** Bytes that {@linkcode ByteWriter.varint} takes. */
export function sizeOfVarint(value: number): number {
  let size = 1;
  for (let left = zigzag(value); left > 0x7f; left = Math.floor(left / 0x80)) size++;
  return size;
}

/** By arithmetic: shifting is limited to 32 bits. */
function zigzag(value: number): number {
  return value < 0 ? 1 : 2 * value;
}
