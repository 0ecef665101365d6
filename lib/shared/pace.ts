import { sleep } from "./sleep.ts";

/** Limits how many things begin within any second. */
export class Pace {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #sleep: (ms: number) => Promise<void>;
  /** When each of the latest ones begins, in ms, the oldest first; `perSecond` at most. */
  readonly #begun: number[] = [];

  /**
   * Creates a pace without waits so far.
   *
   * @param now Returns a monotonic time in ms.
   */
  constructor(
    perSecond: number,
    now: () => number = () => performance.now(),
    wait: (ms: number) => Promise<void> = sleep,
  ) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#sleep = wait;
  }

  /** Returns when the next one may begin. */
  async take(): Promise<void> {
    const now = this.#now();
    const oldest = this.#begun.length < this.#perSecond ? -Infinity : this.#begun.shift()!;
    const at = Math.max(now, oldest + 1000);
    this.#begun.push(at);
    if (at > now) await this.#sleep(at - now);
  }
}
