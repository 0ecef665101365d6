import { HashIndex } from "./hash_index.ts";

/** A hash of 64 bits, as two halves of 32. */
export interface Hash64 {
  /** The upper half. */
  readonly high: number;
  /** The lower half. */
  readonly low: number;
}

/** The results of a lookup without a match. */
export const Match = {
  /** No expected record has its hash. */
  none: -1,
  /** As many records with its hash were found before as are expected. */
  repeated: -2,
} as const;

/** The facts of a record besides its hash. */
export interface RecordFacts {
  /** The hash of the key, from 0 to 2^31 - 1, or {@linkcode NO_KEY}. */
  readonly key: number;
  /** The number of the upstream log, from 0. Records of different logs have no order. */
  readonly log: number;
  /** ms since 1970. For `removeFrom()` less than 2^32 ms (49 days) after the start of the span. */
  readonly time: number;
}

/** The key hash of records without a key, whose order does not count. */
export const NO_KEY = -1;

/** The bit in a record's state that marks it as found. The other bits are the number of its log. */
const FOUND = 0x80;
/** Logs beyond this number share one, in which no order is checked. */
const MAX_LOG = 0x7f;
const FIRST_CAPACITY = 1024;

/**
 * The records that a topic should have, as hashes. Each takes 17 bytes, and 7 to 14 in each of two
 * tables. Equal records count: a record that is expected twice must be found twice.
 */
export class ExpectedRecords {
  #high = new Uint32Array(FIRST_CAPACITY);
  #low = new Uint32Array(FIRST_CAPACITY);
  #keys = new Int32Array(FIRST_CAPACITY);
  #times = new Uint32Array(FIRST_CAPACITY);
  #states = new Uint8Array(FIRST_CAPACITY);
  /** The number of used entries of the arrays. */
  #entries = 0;
  /** The number of records: entries that were not removed. */
  #size = 0;
  #found = 0;
  readonly #since: number;
  readonly #byHash = new HashIndex();
  readonly #latest = new HashIndex();
  readonly #hashOf = (entry: number) => this.#low[entry]!;
  readonly #keyOf = (entry: number) => this.#keys[entry]!;

  /** @param since The start of the span, ms since 1970. */
  constructor(since: number) {
    this.#since = since;
  }

  /** The number of records. */
  get size(): number {
    return this.#size;
  }

  /** The number of records that were not found yet. */
  get missing(): number {
    return this.#size - this.#found;
  }

  /** Adds a record. The records of one key and log must be added in their order. */
  add({ high, low }: Hash64, { key, log, time }: RecordFacts): void {
    const entry = this.#entries++;
    this.#size++;
    if (entry === this.#high.length) this.#double();
    this.#high[entry] = high;
    this.#low[entry] = low;
    this.#keys[entry] = key;
    this.#times[entry] = time - this.#since;
    this.#states[entry] = Math.min(log, MAX_LOG);
    this.#byHash.add(entry, this.#hashOf);
  }

  /**
   * Marks the record with a hash as found. If several were not found before, it marks the first one
   * with the time, or else the first one.
   *
   * @param time ms since 1970; `undefined` for any.
   * @returns Its number, or a value of {@linkcode Match}.
   */
  find({ high, low }: Hash64, time: number | undefined): number {
    let other: number = Match.none;
    const exact = this.#byHash.find(low, (entry) => {
      if (this.#low[entry] !== low || this.#high[entry] !== high) return false;
      const isFound = this.#states[entry]! >= FOUND;
      if (!isFound && (time === undefined || this.isAt(entry, time))) return true;
      if (!isFound && other < 0) other = entry;
      else if (other === Match.none) other = Match.repeated;
      return false;
    });
    const entry = exact < 0 ? other : exact;
    if (entry >= 0) {
      this.#states[entry]! |= FOUND;
      this.#found++;
    }
    return entry;
  }

  /** Returns whether a record has a time, in ms since 1970, give or take multiples of 2^32 ms. */
  isAt(entry: number, time: number): boolean {
    return this.#times[entry] === (time - this.#since) >>> 0;
  }

  /**
   * Returns whether a found record comes after a later one of its key, in the order of these calls.
   *
   * @param partition The partition, if it is not that of the key. It has an order of its own.
   */
  isLate(entry: number, partition?: number): boolean {
    if (partition !== undefined && this.#keys[entry] !== NO_KEY) {
      this.#keys[entry] = (this.#keys[entry]! ^ Math.imul(partition + 1, 0x9e3779b1)) & 0x7fffffff;
    }
    const key = this.#keys[entry]!;
    const log = this.#states[entry]! & MAX_LOG;
    if (key === NO_KEY || log === MAX_LOG) return false;
    const latest = this.#latest.find(
      key,
      (other) => this.#keys[other] === key && (this.#states[other]! & MAX_LOG) === log,
    );
    if (latest < 0) this.#latest.add(entry, this.#keyOf);
    else if (latest < entry) this.#latest.replace(latest, entry, key);
    return latest > entry;
  }

  /** Removes the records from a time on, in ms since 1970. Nothing may have been found before. */
  removeFrom(time: number): void {
    for (let entry = 0; entry < this.#entries; entry++) {
      if (this.#since + this.#times[entry]! < time) continue;
      this.#states[entry]! |= FOUND;
      // It must not count as a duplicate.
      this.#high[entry]! ^= -1;
      this.#size--;
    }
  }

  /** Begins another topic, whose records have an order of their own. */
  beginTopic(): void {
    this.#latest.clear();
  }

  #double(): void {
    const length = 2 * this.#high.length;
    this.#high = grown(this.#high, length);
    this.#low = grown(this.#low, length);
    this.#keys = grown(this.#keys, length);
    this.#times = grown(this.#times, length);
    this.#states = grown(this.#states, length);
  }
}

/** Copies an array into a longer one. */
function grown<
  T extends Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>,
>(
  array: T,
  length: number,
): T {
  const { buffer, BYTES_PER_ELEMENT, constructor } = array;
  return new (constructor as new (buffer: ArrayBuffer) => T)(
    buffer.transfer(length * BYTES_PER_ELEMENT),
  );
}
