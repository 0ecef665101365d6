const encoder = new TextEncoder();

/** Collects bytes in one piece; grows as needed, by doubling. */
export class ByteBuffer {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  /** @param capacity Bytes that fit without growing. */
  constructor(capacity = 4096) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** The number of bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** Appends bytes. */
  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Appends text of ASCII characters only: much faster than `text` for short texts. */
  ascii(text: string): void {
    this.#reserve(text.length);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.#length = at;
  }

  /** Appends a whole number from 0 to 2^53 - 1, in decimal digits. */
  integer(value: number): void {
    if (value >= 1e9) {
      this.integer(Math.floor(value / 1e9));
      this.#digits(value % 1e9, 9);
    } else this.#digits(value, value === 0 ? 1 : Math.floor(Math.log10(value) + 1e-12) + 1);
  }

  /** Appends any text, as UTF-8. */
  text(text: string): void {
    // A UTF-16 unit becomes at most three bytes.
    this.#reserve(text.length * 3);
    this.#length += encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written;
  }

  /** Drops everything after the first `length` bytes. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  /** Returns the bytes so far and starts again, with a new `capacity`. */
  take(capacity = 4096): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = new Uint8Array(capacity);
    this.#length = 0;
    return taken;
  }

  #digits(value: number, count: number): void {
    this.#reserve(count);
    let rest = value;
    for (let at = this.#length + count - 1; at >= this.#length; at--) {
      const next = (rest / 10) | 0;
      this.#bytes[at] = 48 + rest - next * 10;
      rest = next;
    }
    this.#length += count;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
