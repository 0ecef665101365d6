import { MAX_TRACKED } from "../position/position.ts";

/** The tolerance in ms: Kafka timestamps further ahead of the service's clock are not credible. */
const MAX_AHEAD = 60_000;
/**
 * This many consecutive events that are ahead, and close to each other, show that the clock lags.
 */
const RUN = 16;

/** The clocks of this machine. */
export interface ServiceClockOptions {
  /** Returns this machine's time in ms (default `Date.now`). */
  readonly now?: (() => number) | undefined;
  /** Returns monotonic time in ms (default `performance.now`). */
  readonly monotonic?: (() => number) | undefined;
}

/**
 * The service's time: its `Date` when the connection was opened, plus the monotonic time since
 * then. This machine's clock may be wrong, and may be set at any moment. It counts only until the
 * service has sent a `Date`, which HTTP requires of every server with a clock.
 *
 * The time lags if monotonic time stops while a laptop sleeps (as on Linux), until the next
 * connection. It may be wrong if a proxy sends its own. Then timestamps of events seem to be ahead.
 * They are credible nevertheless if the last 16 of their topic-partition are ahead, too. A single
 * one that is ahead never is.
 */
export class ServiceClock {
  readonly #now: () => number;
  readonly #monotonic: () => number;
  /** The service's time less the monotonic time. */
  #difference: number;
  #isSynchronized = false;
  /** A timestamp up to this one was credible before, so it is credible now. */
  #latest = -Infinity;
  /** By topic-partition, the last timestamps, if all of them were ahead. */
  readonly #runs = new Map<string, number[]>();

  /** Starts with this machine's time. */
  constructor({ now = Date.now, monotonic = () => performance.now() }: ServiceClockOptions = {}) {
    this.#now = now;
    this.#monotonic = monotonic;
    this.#difference = now() - monotonic();
  }

  /** Whether the service has sent its time, on any connection. */
  get isSynchronized(): boolean {
    return this.#isSynchronized;
  }

  /** The service's time in ms. */
  get time(): number {
    return this.#difference + this.#monotonic();
  }

  /**
   * Sets the clock when a connection is opened.
   *
   * @param date The service's time in ms; `undefined` if it sent none.
   * @returns How far this machine's clock lags, in ms; negative if it is ahead.
   */
  set(date: number | undefined): number {
    const now = this.#now();
    if (date === undefined && this.#isSynchronized) return 0;
    this.#isSynchronized ||= date !== undefined;
    this.#difference = (date ?? now) - this.#monotonic();
    this.#latest = -Infinity;
    return (date ?? now) - now;
  }

  /** Returns whether a timestamp (ms) is credible. A false one as T would skip later events. */
  believes(key: string, timestamp: number): boolean {
    // Almost every event: no clock is read.
    if (timestamp > this.#latest) this.#latest = this.time + MAX_AHEAD;
    if (timestamp <= this.#latest) {
      if (this.#runs.size > 0) this.#runs.delete(key);
      return true;
    }
    if (this.#runs.size >= MAX_TRACKED) this.#runs.clear();
    const run = this.#runs.get(key) ?? [];
    this.#runs.set(key, run);
    const isNear = run.length === RUN && timestamp <= Math.min(...run) + MAX_AHEAD;
    run.push(timestamp);
    if (run.length > RUN) run.shift();
    return isNear;
  }
}
