import type { PageEdit } from "./wire.ts";

/** Keeps the last edits: at most `most`, and at most `mostNew` since the last `take()`. */
export class Recent {
  readonly #most: number;
  readonly #mostNew: number;
  /** Oldest first. */
  readonly #edits: PageEdit[] = [];
  #new: PageEdit[] = [];

  constructor(most: number, mostNew: number) {
    this.#most = most;
    this.#mostNew = mostNew;
  }

  /** Adds a new edit. */
  push(edit: PageEdit): void {
    this.#edits.push(edit);
    if (this.#edits.length > this.#most) this.#edits.shift();
    this.#new.push(edit);
    if (this.#new.length > this.#mostNew) this.#new.shift();
  }

  /**
   * Inserts an edit of the past by its time. Partitions are read one after the other, and the last
   * edits of all of them are kept.
   */
  insert(edit: PageEdit): void {
    const isFull = this.#edits.length === this.#most;
    if (isFull && edit.time <= this.#edits[0]!.time) return;
    const index = this.#edits.findLastIndex(({ time }) => time <= edit.time) + 1;
    this.#edits.splice(index, 0, edit);
    if (isFull) this.#edits.shift();
  }

  /** Returns the last edits, newest first. */
  list(): PageEdit[] {
    return this.#edits.toReversed();
  }

  /** Returns the edits that were pushed since the last call, newest first. */
  take(): PageEdit[] {
    const taken = this.#new.reverse();
    this.#new = [];
    return taken;
  }
}
