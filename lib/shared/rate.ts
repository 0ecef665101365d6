interface Sample {
  readonly at: number;
  readonly count: number;
}

/**
 * Computes the growth of a count per second, over the last `span` ms or since the last call. A count
 * that shrinks begins again.
 */
export class Rate {
  readonly #span: number;
  /** In order of time. The first is the newest that is older than the span, if any. */
  readonly #samples: Sample[] = [];

  /** @param span Time in ms. Default 5,000. */
  constructor(span = 5000) {
    this.#span = span;
  }

  /** Records the count at a time in ms and returns the rate; 0 at the first call. */
  next(count: number, at: number): number {
    if (count < (this.#samples.at(-1)?.count ?? 0)) this.#samples.length = 0;
    this.#samples.push({ at, count });
    while ((this.#samples[1]?.at ?? Infinity) <= at - this.#span) this.#samples.shift();
    const first = this.#samples[0]!;
    return at > first.at ? (count - first.count) * 1000 / (at - first.at) : 0;
  }
}
