import { sleep } from "./sleep.ts";

/** Limits the number of starts within any second. */
export class Pace {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #sleep: (ms: number) => Promise<void>;
  /** The times of the latest starts, in ms, the oldest first; at most `perSecond`. */
  readonly #begun: number[] = [];

  /** @param now Returns a monotonic time in ms. */
  constructor(
    perSecond: number,
    now: () => number = () => performance.now(),
    wait: (ms: number) => Promise<void> = sleep,
  ) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#sleep = wait;
  }

  /** Waits until the next start is allowed. */
  async take(): Promise<void> {
    const now = this.#now();
    const oldest = this.#begun.length < this.#perSecond ? -Infinity : this.#begun.shift()!;
    const at = Math.max(now, oldest + 1000);
    this.#begun.push(at);
    if (at > now) await this.#sleep(at - now);
  }
}
