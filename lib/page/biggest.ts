import type { PageEdit } from "./wire.ts";

/** Keeps the biggest changes within a sliding window: the `most` biggest of each time slot. */
export class Biggest {
  readonly #most: number;
  readonly #slots = new Map<number, PageEdit[]>();

  /** Creates an empty list of at most `most` changes. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Adds an edit of a slot. Edits without a change of size are ignored. */
  add(edit: PageEdit, slot: number): void {
    if (edit.delta === null || edit.delta === 0) return;
    const kept = this.#slots.get(slot);
    if (kept === undefined) this.#slots.set(slot, [edit]);
    else insert(kept, edit, this.#most);
  }

  /** Drops the slots before `first`. */
  dropBefore(first: number): void {
    for (const slot of this.#slots.keys()) if (slot < first) this.#slots.delete(slot);
  }

  /** Returns the biggest changes of the window, biggest first. */
  top(): PageEdit[] {
    const all = [...this.#slots.values()].flat();
    return all.sort((a, b) => size(b) - size(a)).slice(0, this.#most);
  }
}

function insert(kept: PageEdit[], edit: PageEdit, most: number): void {
  if (kept.length === most && size(edit) <= size(kept[most - 1]!)) return;
  const index = kept.findIndex((other) => size(edit) > size(other));
  kept.splice(index === -1 ? kept.length : index, 0, edit);
  if (kept.length > most) kept.pop();
}

function size({ delta }: PageEdit): number {
  return Math.abs(delta ?? 0);
}
