/** Interval of the timer, in ms. */
const BEAT = 500;
/** How long a delay is kept, in ms. */
const MEMORY = 60_000;

/**
 * Measures delays of the event loop: a late timer shows how long other code has blocked the loop.
 * Delays shorter than the interval of the timer may be missed.
 */
export class EventLoopWatch implements Disposable {
  readonly #now: () => number;
  readonly #timer: ReturnType<typeof setInterval>;
  #beatAt: number;
  /** The longest delays of this minute and of the previous one, in ms. */
  #worst = 0;
  #worstBefore = 0;
  #minuteAt: number;

  /**
   * Starts the timer.
   *
   * @param now Returns a monotonic time in ms.
   */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#beatAt = this.#minuteAt = now();
    this.#timer = setInterval(() => this.beat(), BEAT);
  }

  /** Records the current delay. The timer calls it. */
  beat(): void {
    const now = this.#now();
    if (now - this.#minuteAt >= MEMORY) {
      this.#worstBefore = this.#worst;
      this.#worst = 0;
      this.#minuteAt = now;
    }
    this.#worst = Math.max(this.#worst, this.delay);
    this.#beatAt = now;
  }

  /** The current delay of the timer, in ms. */
  get delay(): number {
    return Math.max(0, this.#now() - this.#beatAt - BEAT);
  }

  /** The longest delay of the last one to two minutes, in ms. */
  get worst(): number {
    return Math.max(this.#worst, this.#worstBefore, this.delay);
  }

  /** Stops the timer. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
