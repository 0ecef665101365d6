/**
 * A timer that is set again and again, such as for the next chunk of a response. Setting it only
 * stores a time: creating and clearing a timer of the platform takes as long as reading an event.
 */
export class Deadline<T> {
  readonly #onOver: (reason: T) => void;
  /** The time of expiry, and the time of the platform's timer, which is never later. */
  #at = Infinity;
  #looksAt = Infinity;
  #reason: T | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param onOver Called once for each time that passes without being replaced. */
  constructor(onOver: (reason: T) => void) {
    this.#onOver = onOver;
  }

  /** Expires in `ms` from now, instead of at the time set before. */
  set(ms: number, reason: T): void {
    this.#at = performance.now() + ms;
    this.#reason = reason;
    if (this.#at < this.#looksAt) this.#look();
  }

  /** Forgets the time that was set. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#at = this.#looksAt = Infinity;
  }

  /** Calls `onOver` at the end, or checks again if the end has moved on. */
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
