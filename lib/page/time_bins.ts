import type { Bin, Split } from "./wire.ts";

/**
 * Counts edits by the second in which they were made, by humans and by bots, over a sliding window.
 * It takes 16 bytes per second of the window.
 */
export class TimeBins {
  readonly #seconds: number;
  readonly #step: number;
  /** The second that is counted at each index. */
  readonly #owner: Float64Array;
  readonly #humans: Uint32Array;
  readonly #bots: Uint32Array;
  /** The starts of bins, in s, that changed since `takeChanged()`. */
  readonly #changed = new Set<number>();

  /**
   * @param seconds The length of the window.
   * @param step The width of a bin in seconds, for `bins()` and `takeChanged()`.
   */
  constructor(seconds: number, step: number) {
    this.#seconds = seconds;
    this.#step = step;
    // One bin more than the window, since the newest and the oldest are only partly in it.
    const size = seconds + step;
    this.#owner = new Float64Array(size).fill(-1);
    this.#humans = new Uint32Array(size);
    this.#bots = new Uint32Array(size);
  }

  /** Counts an edit; ignored if it is outside of the window at `now` (both in s). */
  add(second: number, isBot: boolean, now: number): void {
    if (second > now || second <= now - this.#seconds) return;
    const index = second % this.#owner.length;
    if (this.#owner[index] !== second) {
      this.#owner[index] = second;
      this.#humans[index] = 0;
      this.#bots[index] = 0;
    }
    const counts = isBot ? this.#bots : this.#humans;
    counts[index] = counts[index]! + 1;
    this.#changed.add(second - second % this.#step);
  }

  /** Returns the edits from second `from` to before `to`. */
  sum(from: number, to: number): Split {
    let humans = 0;
    let bots = 0;
    for (let second = Math.max(from, to - this.#owner.length); second < to; second++) {
      const index = second % this.#owner.length;
      if (this.#owner[index] !== second) continue;
      humans += this.#humans[index]!;
      bots += this.#bots[index]!;
    }
    return { humans, bots };
  }

  /** Returns the edits of the window at `now`. */
  total(now: number): Split {
    return this.sum(now - this.#seconds + 1, now + 1);
  }

  /** Returns the non-empty bins of the window at `now`, oldest first. */
  bins(now: number): Bin[] {
    const oldest = now - this.#seconds + 1;
    const bins: Bin[] = [];
    for (let start = oldest - oldest % this.#step; start <= now; start += this.#step) {
      const bin = this.#bin(start);
      if (bin[1] + bin[2] > 0) bins.push(bin);
    }
    return bins;
  }

  /** Returns the bins that changed since the last call, with their current counts. */
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
