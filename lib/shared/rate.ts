interface Sample {
  readonly at: number;
  readonly count: number;
}

/** How fast a count grows: per second over the last `span` ms, or since the last look if longer. */
export class Rate {
  readonly #span: number;
  /** In order of time; the first is the newest that is older than the span, where there is one. */
  readonly #samples: Sample[] = [];

  /** @param span Default 5,000 ms. */
  constructor(span = 5000) {
    this.#span = span;
  }

  /** Notes the count at a time in ms, and says the rate; 0 at the first look. */
  next(count: number, at: number): number {
    this.#samples.push({ at, count });
    while ((this.#samples[1]?.at ?? Infinity) <= at - this.#span) this.#samples.shift();
    const first = this.#samples[0]!;
    return at > first.at ? (count - first.count) * 1000 / (at - first.at) : 0;
  }
}
