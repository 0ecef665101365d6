import { hash64 } from "../position/hash.ts";

/** The minimum number of remembered ids; the maximum is twice as many. */
export const KNOWN_IDS = 131_072;
/** The slots of a new table; they double as it fills. */
const FEW_SLOTS = 1024;

/**
 * Remembers the last ids of all topic-partitions together: at least 131,072, in 64 bits each and 4
 * MiB in total. A new id is mistaken for a known one with a probability of about 1 in 10^14: at 50
 * events a second, once in about 50,000 years.
 */
export class KnownIds {
  readonly #atLeast: number;
  /** A full table replaces the previous one. */
  #current = new Table();
  #previous = new Table();
  readonly #halves = new Uint32Array(2);
  #hashed: string | undefined;
  #seed = 0;

  /** Creates an empty memory of at least `atLeast` ids. */
  constructor(atLeast: number = KNOWN_IDS) {
    this.#atLeast = atLeast;
  }

  /**
   * Remembers an id.
   *
   * @param seed Distinguishes equal ids of different topic-partitions.
   */
  add(id: string, seed: number): void {
    this.#hash(id, seed);
    this.#current.add(this.#halves[0]!, this.#halves[1]!);
    if (this.#current.size < this.#atLeast) return;
    this.#previous = this.#current;
    this.#current = new Table();
  }

  /** Returns whether an id is remembered for this seed. */
  has(id: string, seed: number): boolean {
    this.#hash(id, seed);
    const high = this.#halves[0]!;
    const low = this.#halves[1]!;
    return this.#current.has(high, low) || this.#previous.has(high, low);
  }

  /** Caches the last hash: an id that is looked up is often added next. */
  #hash(id: string, seed: number): void {
    if (id === this.#hashed && seed === this.#seed) return;
    hash64(id, seed, this.#halves);
    this.#hashed = id;
    this.#seed = seed;
  }
}

/** A set of 64-bit numbers with open addressing, at most half full. 0 is an empty slot. */
class Table {
  size = 0;
  #slots = new Uint32Array(2 * FEW_SLOTS);

  has(high: number, low: number): boolean {
    const at = this.#find(high, low);
    return this.#slots[at] !== 0 || this.#slots[at + 1] !== 0;
  }

  add(high: number, low: number): void {
    const at = this.#find(high, low);
    if (this.#slots[at] !== 0 || this.#slots[at + 1] !== 0) return;
    this.#slots[at] = high;
    this.#slots[at + 1] = low;
    this.size++;
    if (4 * this.size > this.#slots.length) this.#grow();
  }

  /** Returns the slot of a number, or the free slot for it. */
  #find(high: number, low: number): number {
    const slots = this.#slots;
    const last = slots.length - 2;
    let at = (2 * low) & last;
    while (
      (slots[at] !== high || slots[at + 1] !== low) && (slots[at] !== 0 || slots[at + 1] !== 0)
    ) {
      at = (at + 2) & last;
    }
    return at;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(2 * before.length);
    this.size = 0;
    for (let at = 0; at < before.length; at += 2) {
      if (before[at] !== 0 || before[at + 1] !== 0) this.add(before[at]!, before[at + 1]!);
    }
  }
}
