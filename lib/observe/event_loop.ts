/** How often the loop has to turn, in ms. */
const BEAT = 500;
/** How long a delay is remembered, in ms. */
const MEMORY = 60_000;

/**
 * Watches the event loop: a timer that comes late tells how long something else held the loop.
 * Delays of less than a beat may go unseen.
 */
export class EventLoopWatch implements Disposable {
  readonly #now: () => number;
  readonly #timer: ReturnType<typeof setInterval>;
  #beatAt: number;
  /** The worst delay of this minute, and of the one before; in ms. */
  #worst = 0;
  #worstBefore = 0;
  #minuteAt: number;

  /** @param now A clock in ms that only goes forward. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#beatAt = this.#minuteAt = now();
    this.#timer = setInterval(() => this.beat(), BEAT);
  }

  /** The loop turns; called by the watch's own timer. */
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

  /** How much too late the timer is just now, in ms; 0 where it is not. */
  get delay(): number {
    return Math.max(0, this.#now() - this.#beatAt - BEAT);
  }

  /** The worst delay of the last one to two minutes, in ms. */
  get worst(): number {
    return Math.max(this.#worst, this.#worstBefore, this.delay);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
