import type { Bin, Split } from "./wire.ts";

/**
 * Counts of edits by the second they were made in, humans and bots apart, over a sliding window.
 * Takes 16 bytes a second of the window, whatever comes.
 */
export class TimeBins {
  readonly #seconds: number;
  readonly #step: number;
  /** By place, which second is counted there. */
  readonly #owner: Float64Array;
  readonly #humans: Uint32Array;
  readonly #bots: Uint32Array;
  /** Beginnings of bins, in s, that changed since `takeChanged()`. */
  readonly #changed = new Set<number>();

  /**
   * @param seconds The window.
   * @param step The width of a bin in seconds: what `bins()` and `takeChanged()` add up.
   */
  constructor(seconds: number, step: number) {
    this.#seconds = seconds;
    this.#step = step;
    // One bin more than the window: the newest and the oldest are only partly in it.
    const size = seconds + step;
    this.#owner = new Float64Array(size).fill(-1);
    this.#humans = new Uint32Array(size);
    this.#bots = new Uint32Array(size);
  }

  /** Counts an edit; what is not in the window at `now` (both in s) is left out. */
  add(second: number, isBot: boolean, now: number): void {
    if (second > now || second <= now - this.#seconds) return;
    const place = second % this.#owner.length;
    if (this.#owner[place] !== second) {
      this.#owner[place] = second;
      this.#humans[place] = 0;
      this.#bots[place] = 0;
    }
    const counts = isBot ? this.#bots : this.#humans;
    counts[place] = counts[place]! + 1;
    this.#changed.add(second - second % this.#step);
  }

  /** The edits from second `from` to before `to`. */
  sum(from: number, to: number): Split {
    let humans = 0;
    let bots = 0;
    for (let second = Math.max(from, to - this.#owner.length); second < to; second++) {
      const place = second % this.#owner.length;
      if (this.#owner[place] !== second) continue;
      humans += this.#humans[place]!;
      bots += this.#bots[place]!;
    }
    return { humans, bots };
  }

  /** The edits of the window at `now`. */
  total(now: number): Split {
    return this.sum(now - this.#seconds + 1, now + 1);
  }

  /** The bins of the window at `now` that are not empty, oldest first. */
  bins(now: number): Bin[] {
    const oldest = now - this.#seconds + 1;
    const bins: Bin[] = [];
    for (let start = oldest - oldest % this.#step; start <= now; start += this.#step) {
      const bin = this.#bin(start);
      if (bin[1] + bin[2] > 0) bins.push(bin);
    }
    return bins;
  }

  /** The bins that changed since the last call, as they are now. */
  takeChanged(): Bin[] {
    const bins = [...this.#changed].map((start) => this.#bin(start));
    this.#changed.clear();
    return bins;
  }

  #bin(start: number): Bin {
    const { humans, bots } = this.sum(start, start + this.#step);
    return [start * 1000, humans, bots];
  }
}
