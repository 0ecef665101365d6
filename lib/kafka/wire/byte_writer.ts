import { Buffer } from "node:buffer";

/** Writes Kafka's primitive types, big-endian, into one buffer of a known size. */
export class ByteWriter {
  /** The buffer; complete once all its bytes are written. */
  readonly buffer: Buffer;
  #at: number;

  /**
   * @param size Bytes of the buffer. The caller must write all of them.
   * @param start The index of the first write.
   */
  constructor(size: number, start = 0) {
    this.buffer = Buffer.allocUnsafe(size);
    this.#at = start;
  }

  /** Writes a signed integer of 8 bits. */
  int8(value: number): void {
    this.#at = this.buffer.writeInt8(value, this.#at);
  }

  /** Writes a signed integer of 16 bits. */
  int16(value: number): void {
    this.#at = this.buffer.writeInt16BE(value, this.#at);
  }

  /** Writes a signed integer of 32 bits. */
  int32(value: number): void {
    this.#at = this.buffer.writeInt32BE(value, this.#at);
  }

  /** Writes a signed integer of variable length (zigzag, base 128): any safe one from -1 up. */
  varint(value: number): void {
    let left = zigzag(value);
    while (left > 0x7f) {
      this.buffer[this.#at++] = left & 0x7f | 0x80;
      left = Math.floor(left / 0x80);
    }
    this.buffer[this.#at++] = left;
  }

  /** Writes bytes without their length. */
  bytes(value: Uint8Array): void {
    this.buffer.set(value, this.#at);
    this.#at += value.length;
  }

  /** Writes a text as UTF-8, without its length. */
  text(value: string): void {
    this.#at += this.buffer.write(value, this.#at);
  }

  /** Writes a text after its length in two bytes, which is -1 for null. */
  string(value: string | null): void {
    if (value === null) return this.int16(-1);
    this.int16(Buffer.byteLength(value));
    this.text(value);
  }
}

/** Returns the bytes that {@linkcode ByteWriter.string} takes. */
export function sizeOfString(value: string | null): number {
  return 2 + (value === null ? 0 : Buffer.byteLength(value));
}

/** Returns the bytes that {@linkcode ByteWriter.varint} takes. */
export function sizeOfVarint(value: number): number {
  let size = 1;
  for (let left = zigzag(value); left > 0x7f; left = Math.floor(left / 0x80)) size++;
  return size;
}

/** Uses arithmetic, since shifting is limited to 32 bits. */
function zigzag(value: number): number {
  return value < 0 ? 1 : 2 * value;
}
