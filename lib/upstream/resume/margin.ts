/** The default in ms: enough for a change of data center, whose logs differ a little in order. */
const MARGIN = 5000;
/** A connection with this many duplicates and no new event began too early. */
const MANY_DUPLICATES = 1000;
/** Halves the margin down to 78 ms. */
const MAX_HALVINGS = 6;

/**
 * How far before T a connection begins. It is halved after each connection that ended among
 * duplicates; otherwise a fast stream with short connections would make no progress. Only a
 * connection with new events doubles it again. A connection that ended early without any says
 * nothing about the next one.
 */
export class Margin {
  readonly #longest: number;
  #halvings = 0;

  /** @param longest ms (default 5,000). */
  constructor(longest: number = MARGIN) {
    this.#longest = longest;
  }

  /** The current margin in ms. */
  get ms(): number {
    return Math.floor(this.#longest / 2 ** this.#halvings);
  }

  /** Adapts the margin to a connection that ended. */
  ended({ duplicates, hasNews }: { readonly duplicates: number; readonly hasNews: boolean }): void {
    if (hasNews) this.#halvings = Math.max(0, this.#halvings - 1);
    else if (duplicates >= MANY_DUPLICATES) {
      this.#halvings = Math.min(this.#halvings + 1, MAX_HALVINGS);
    }
  }
}
