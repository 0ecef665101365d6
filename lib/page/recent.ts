import type { PageEdit } from "./wire.ts";

/** The last edits, at most `most`; and of those that came since `take()`, at most `mostNew`. */
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

  /** Takes in an edit that has just come. */
  push(edit: PageEdit): void {
    this.#edits.push(edit);
    if (this.#edits.length > this.#most) this.#edits.shift();
    this.#new.push(edit);
    if (this.#new.length > this.#mostNew) this.#new.shift();
  }

  /**
   * Takes in an edit of the past at its place in time: one partition after the other is read, and
   * the last edits of all of them are wanted.
   */
  insert(edit: PageEdit): void {
    const isFull = this.#edits.length === this.#most;
    if (isFull && edit.time <= this.#edits[0]!.time) return;
    const place = this.#edits.findLastIndex(({ time }) => time <= edit.time) + 1;
    this.#edits.splice(place, 0, edit);
    if (isFull) this.#edits.shift();
  }

  /** The last edits, newest first. */
  list(): PageEdit[] {
    return this.#edits.toReversed();
  }

  /** What was pushed since the last call, newest first. */
  take(): PageEdit[] {
    const taken = this.#new.reverse();
    this.#new = [];
    return taken;
  }
}
