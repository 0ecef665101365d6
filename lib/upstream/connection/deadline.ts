/**
 * A timer for what is waited for again and again, as the next chunk of a response is. To set it is
 * to write a time down; a timer of the platform, made and cleared, takes as long as reading an
 * event does.
 */
export class Deadline<T> {
  readonly #onOver: (reason: T) => void;
  /** When it is over, and when the timer looks whether it is: at that time or before. */
  #at = Infinity;
  #looksAt = Infinity;
  #reason: T | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param onOver Is called once for each time that was set and not set anew. */
  constructor(onOver: (reason: T) => void) {
    this.#onOver = onOver;
  }

  /** In `ms` from now, in place of what was set before. */
  set(ms: number, reason: T): void {
    this.#at = performance.now() + ms;
    this.#reason = reason;
    if (this.#at < this.#looksAt) this.#look();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#at = this.#looksAt = Infinity;
  }

  /** At the end, or once more when that has moved on. */
  #look(): void {
    clearTimeout(this.#timer);
    this.#looksAt = this.#at;
    // A negative time, after a pause of the process, would be a warning on stderr.
    this.#timer = setTimeout(() => {
      this.#looksAt = Infinity;
      // Timers may be some µs early.
      if (performance.now() + 1 < this.#at) return this.#look();
      this.#at = Infinity;
      this.#onOver(this.#reason!);
    }, Math.max(0, this.#at - performance.now()));
  }
}
