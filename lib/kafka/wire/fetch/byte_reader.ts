import { UnreadableRecords } from "../unreadable_records.ts";

/** Reads the variable-length integers of Kafka's record format, and never beyond `end`. */
export class ByteReader {
  /** The bytes to read. */
  readonly bytes: Uint8Array;
  /** The index of the next read. */
  at: number;
  /** The index at which reading must stop. */
  end: number;

  /** Creates a reader of the bytes from `at` to `end`. */
  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** Reads a signed integer of 32 bits (zigzag, base 128). */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 1 ^ -(value & 1);
    }
    throw new UnreadableRecords("a record holds an integer of more than 5 bytes");
  }

  /** Reads a signed integer of 64 bits; beyond 2^53 it is rounded. */
  varlong(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 70; scale *= 0x80) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw new UnreadableRecords("a record holds an integer of more than 10 bytes");
  }

  /** Skips bytes with their leading length, which is -1 for null. Returns the length. */
  skipBytes(): number {
    const length = this.varint();
    if (length < -1 || length > this.end - this.at) {
      throw new UnreadableRecords(`a record holds a field of ${length} bytes, which do not fit`);
    }
    if (length > 0) this.at += length;
    return length;
  }

  #byte(): number {
    if (this.at >= this.end) throw new UnreadableRecords("a record ends too early");
    return this.bytes[this.at++]!;
  }
}
