import type { Ranked } from "./wire.ts";

/**
 * Counts names within a sliding window: exact, and bounded. Time is divided into slots. A slot that
 * leaves the window leaves the counts as a whole.
 *
 * At most `limit` pairs of name and slot are kept (about 150 bytes each, plus the name). Beyond
 * that, the oldest slots are dropped early: the window gets shorter, but no count gets wrong.
 */
export class SlidingCounts {
  readonly #limit: number;
  /** Counts by slot and name. Slots are unordered, since edits may be late. */
  readonly #slots = new Map<number, Map<string, number>>();
  readonly #totals = new Map<string, number>();
  /** Pairs of name and slot. */
  #size = 0;
  /** The first slot that is counted; earlier ones were dropped. */
  #first = -Infinity;

  /** Creates empty counts with at most `limit` pairs of name and slot. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The first slot that is counted; `-Infinity` if none was dropped. */
  get first(): number {
    return this.#first;
  }

  /** Counts a name in a slot; ignored if the slot was dropped. */
  add(name: string, slot: number): void {
    if (slot < this.#first) return;
    let counts = this.#slots.get(slot);
    if (counts === undefined) this.#slots.set(slot, counts = new Map());
    const count = counts.get(name);
    if (count === undefined) this.#size++;
    counts.set(name, (count ?? 0) + 1);
    this.#totals.set(name, (this.#totals.get(name) ?? 0) + 1);
    while (this.#size > this.#limit) this.dropBefore(Math.min(...this.#slots.keys()) + 1);
  }

  /** Drops the slots before `first` with their counts. */
  dropBefore(first: number): void {
    if (first <= this.#first) return;
    this.#first = first;
    for (const [slot, counts] of this.#slots) {
      if (slot >= first) continue;
      this.#slots.delete(slot);
      this.#size -= counts.size;
      for (const [name, count] of counts) {
        const left = this.#totals.get(name)! - count;
        if (left === 0) this.#totals.delete(name);
        else this.#totals.set(name, left);
      }
    }
  }

  /** Returns the `most` most frequent names, by count and then by name. */
  top(most: number): Ranked[] {
    const top: Ranked[] = [];
    for (const [name, count] of this.#totals) {
      if (top.length === most && count < top[most - 1]!.count) continue;
      const row = { name, count };
      const index = top.findIndex((other) => isBefore(row, other));
      top.splice(index === -1 ? top.length : index, 0, row);
      if (top.length > most) top.pop();
    }
    return top;
  }
}

/** Ties are broken by name, so that rows of equal counts keep their places. */
function isBefore(a: Ranked, b: Ranked): boolean {
  return a.count > b.count || a.count === b.count && a.name < b.name;
}
