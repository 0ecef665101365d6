import { UserError } from "../../shared/error.ts";
import { TakenOver } from "./publisher.ts";
import type { Progress, SavedProgress } from "./position/saved_position.ts";

/**
 * Identifies this producer among all of its name. Each start is a new owner, with the generation
 * after the one that it found. A position saved by another owner of this generation or a later one
 * shows that another producer took over.
 */
export class Ownership {
  readonly #name: string;
  readonly #owner = crypto.randomUUID();
  /** Infinite until it is known which position this producer found: every other one is earlier. */
  #generation = Infinity;
  /** The progress that this producer saved last, or found at its start. */
  #committed: SavedProgress | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** Becomes the next owner after that of `saved`. */
  follow(saved: SavedProgress | undefined): void {
    this.#generation = (saved?.generation ?? 0) + 1;
    this.#committed = saved;
  }

  /** Returns progress in the form in which this producer saves it. */
  mark({ handled, position }: Progress): SavedProgress {
    return { handled, position, owner: this.#owner, generation: this.#generation };
  }

  /** Notes that progress is saved. */
  noteCommitted(progress: Progress): void {
    this.#committed = this.mark(progress);
  }

  /**
   * Checks that no other producer has saved progress since the start. Earlier owners do not count:
   * this producer took over from them.
   *
   * @throws {TakenOver} if one has.
   */
  check(saved: SavedProgress | undefined): void {
    if (saved === undefined || saved.owner === this.#owner) return;
    if (saved.generation >= this.#generation) throw new TakenOver(this.#name);
  }

  /**
   * Returns whether a commit of `end`, whose answer was lost, did happen.
   *
   * @param isFenced Whether only one producer of the name can commit.
   * @throws {TakenOver} if another producer committed.
   * @throws {UserError} if the position was reset.
   */
  isSaved(end: Progress, saved: SavedProgress | undefined, isFenced: boolean): boolean {
    this.check(saved);
    const { handled, owner } = this.#committed ?? {};
    if (saved?.handled === handled && saved?.owner === owner) return false;
    const isOurs = saved === undefined || saved.owner === this.#owner;
    // An older producer, fenced before the first commit of this one, took the name back.
    if (!isOurs && isFenced) throw new TakenOver(this.#name);
    if (saved?.handled === end.handled) return isOurs;
    if (!isFenced) return false;
    throw new UserError(
      `Cannot publish as '${this.#name}': the saved position was changed by another program to ` +
        `${saved?.handled ?? "none"} events, expected ${this.#committed?.handled ?? "none"}`,
      { hint: "Start again: the position was reset, or its topic was deleted and created again" },
    );
  }
}
