/** The default in ms: for a change of data center, whose logs differ a little in their order. */
const MARGIN = 5000;
/** A connection that brings so many repeats and nothing else began too early. */
const MANY_REPEATS = 1000;
/** Down to 78 ms. */
const MAX_HALVINGS = 6;

/**
 * How far before T a connection begins. It is halved after each connection that ended among repeats,
 * or a fast stream whose connections are short would come no further. Only news doubles it again: a
 * connection that ended early and without any says nothing about the next one.
 */
export class Margin {
  readonly #longest: number;
  #halvings = 0;

  /** @param longest ms (default 5,000). */
  constructor(longest: number = MARGIN) {
    this.#longest = longest;
  }

  /** In ms. */
  get ms(): number {
    return Math.floor(this.#longest / 2 ** this.#halvings);
  }

  /** Notes a connection that ended. */
  ended({ repeats, hasNews }: { readonly repeats: number; readonly hasNews: boolean }): void {
    if (hasNews) this.#halvings = Math.max(0, this.#halvings - 1);
    else if (repeats >= MANY_REPEATS) this.#halvings = Math.min(this.#halvings + 1, MAX_HALVINGS);
  }
}
