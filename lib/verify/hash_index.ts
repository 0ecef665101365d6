/** The maximum part of used slots. Beyond it, the size of the table doubles. */
const MAX_LOAD = 0.6;

/**
 * A hash table of entries that its user keeps in arrays: it holds only their numbers. It takes 4
 * bytes per slot, and has 1.7 to 3.4 slots per entry.
 */
export class HashIndex {
  #slots = new Uint32Array(1024);
  #size = 0;

  /**
   * Returns an entry with a hash that `matches`, or -1. If entries are added in ascending order, it
   * returns the lowest one.
   */
  find(hash: number, matches: (entry: number) => boolean): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]! - 1;
      if (matches(entry)) return entry;
    }
    return -1;
  }

  /**
   * Adds an entry.
   *
   * @param hashOf Returns the hash of an entry.
   */
  add(entry: number, hashOf: (entry: number) => number): void {
    this.#size++;
    if (this.#size > this.#slots.length * MAX_LOAD) this.#double(hashOf);
    insert(this.#slots, entry, hashOf(entry));
  }

  /** Replaces an entry by another one with the same hash. */
  replace(old: number, entry: number, hash: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== old + 1) slot = (slot + 1) & mask;
    this.#slots[slot] = entry + 1;
  }

  /** Removes all entries, and keeps the memory. */
  clear(): void {
    this.#slots.fill(0);
    this.#size = 0;
  }

  #double(hashOf: (entry: number) => number): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    // In ascending order, for find().
    for (const taken of this.#slots.filter((taken) => taken !== 0).sort()) {
      insert(slots, taken - 1, hashOf(taken - 1));
    }
    this.#slots = slots;
  }
}

function insert(slots: Uint32Array, entry: number, hash: number): void {
  const mask = slots.length - 1;
  let slot = hash & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = entry + 1;
}
