import { MAX_PLACES } from "./position.ts";

/** Kafka timestamps further ahead of the service's clock than this, in ms, are not credible. */
const MAX_AHEAD = 60_000;
/** So many events in a row that are ahead, and near each other, say that it is the clock that lags. */
const RUN = 16;

export interface ServiceClockOptions {
  /** The time in ms by this machine's clock (default `Date.now`). */
  readonly now?: (() => number) | undefined;
  /** Milliseconds since any moment, never set and never going back (default `performance.now`). */
  readonly monotonic?: (() => number) | undefined;
}

/**
 * Tells the service's time: what it said when the connection was opened, and the monotonic time
 * since. This machine's clock may be wrong, and be set at any moment; it counts only until the
 * service has told its time once, which HTTP asks of every service that has a clock.
 *
 * The time lags if monotonic time stands still while a laptop sleeps (as on Linux), until the next
 * connection, and it may be wrong if a proxy makes it up. Then timestamps of events seem to be
 * ahead. They are believed all the same if the last 16 of their topic-partition are, too. One that
 * is ahead alone never is.
 */
export class ServiceClock {
  readonly #now: () => number;
  readonly #monotonic: () => number;
  /** The service's time less the monotonic time. */
  #difference: number;
  #isTold = false;
  /** A timestamp up to it was credible before, and so it is now. */
  #latest = -Infinity;
  /** By topic-partition, the last timestamps if all of them were ahead. */
  readonly #runs = new Map<string, number[]>();

  constructor({ now = Date.now, monotonic = () => performance.now() }: ServiceClockOptions = {}) {
    this.#now = now;
    this.#monotonic = monotonic;
    this.#difference = now() - monotonic();
  }

  /** Whether the service has told its time, on any connection. */
  get isTold(): boolean {
    return this.#isTold;
  }

  /** The service's time in ms. */
  get time(): number {
    return this.#difference + this.#monotonic();
  }

  /**
   * Sets the clock when a connection is opened.
   *
   * @param date The service's time in ms, `undefined` if it told none.
   * @returns How far this machine's clock is behind it, in ms; negative if ahead.
   */
  set(date: number | undefined): number {
    const now = this.#now();
    if (date === undefined && this.#isTold) return 0;
    this.#isTold ||= date !== undefined;
    this.#difference = (date ?? now) - this.#monotonic();
    this.#latest = -Infinity;
    return (date ?? now) - now;
  }

  /** Whether a timestamp (ms) is credible: a false one as T would have later events skipped. */
  believes(key: string, timestamp: number): boolean {
    // Almost every event: without looking at a clock.
    if (timestamp > this.#latest) this.#latest = this.time + MAX_AHEAD;
    if (timestamp <= this.#latest) {
      if (this.#runs.size > 0) this.#runs.delete(key);
      return true;
    }
    if (this.#runs.size >= MAX_PLACES) this.#runs.clear();
    const run = this.#runs.get(key) ?? [];
    this.#runs.set(key, run);
    const isNear = run.length === RUN && timestamp <= Math.min(...run) + MAX_AHEAD;
    run.push(timestamp);
    if (run.length > RUN) run.shift();
    return isNear;
  }
}
