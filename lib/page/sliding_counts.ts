import type { Ranked } from "./wire.ts";

/**
 * How often each name came within a sliding window: exact, and bounded. Time is cut into slots; a
 * slot that is out of the window leaves the counts as a whole.
 *
 * At most `limit` pairs of name and slot are kept (about 150 bytes each, and the name). With more
 * of them the oldest slots leave early: the window gets shorter, and no count wrong.
 */
export class SlidingCounts {
  readonly #limit: number;
  /** Counts by slot and name; slots in no order, as edits may come late. */
  readonly #slots = new Map<number, Map<string, number>>();
  readonly #totals = new Map<string, number>();
  /** Pairs of name and slot. */
  #size = 0;
  /** Earlier slots were dropped, and take nothing any more. */
  #first = -Infinity;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The first slot that is counted, `-Infinity` as long as none was dropped. */
  get first(): number {
    return this.#first;
  }

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

  /** Forgets what was counted in slots before `first`. */
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

  /** The `most` names that came most often, most often first, then by name. */
  top(most: number): Ranked[] {
    const top: Ranked[] = [];
    for (const [name, count] of this.#totals) {
      if (top.length === most && count < top[most - 1]!.count) continue;
      const row = { name, count };
      const place = top.findIndex((other) => isBefore(row, other));
      top.splice(place === -1 ? top.length : place, 0, row);
      if (top.length > most) top.pop();
    }
    return top;
  }
}

/** Ties are broken by name, so that rows of equal counts keep their places. */
function isBefore(a: Ranked, b: Ranked): boolean {
  return a.count > b.count || a.count === b.count && a.name < b.name;
}
