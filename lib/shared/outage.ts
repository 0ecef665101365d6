/** The part of a logger that an outage needs; LogTape's fits. */
interface Log {
  debug(template: string, properties: Record<string, unknown>): void;
  info(template: string, properties: Record<string, unknown>): void;
  warn(template: string, properties: Record<string, unknown>): void;
}

/** The messages of an outage. */
export interface OutageOptions {
  /** The logger to report to. */
  readonly log: Log;
  /** Follows the reason in the first warning. Default: `retrying`. */
  readonly meanwhile?: string;
  /** Starts the line after the outage: `Reading again`. */
  readonly over: string;
  /** Returns the time in ms. Default: `performance.now()`. */
  readonly now?: (() => number) | undefined;
}

/** The number of outages within a minute that are reported; more are logged as debug. */
const MAX_PER_MINUTE = 10;

/**
 * Reports an outage with two lines: a warning at the first failed attempt, and an info line after
 * it. Failed attempts in between are logged as debug, and so are outages after the tenth in a
 * minute.
 */
export class Outage {
  readonly #options: OutageOptions;
  /** When the first attempt failed. */
  #since: number | undefined;
  #failures = 0;
  /** When the minute began in which outages are counted. */
  #minute = -Infinity;
  #outages = 0;

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  /** Whether an attempt has failed and none has succeeded since. */
  get isActive(): boolean {
    return this.#since !== undefined;
  }

  /** Reports a failed attempt: the first one as a warning. */
  fail(reason: string): void {
    const { log, meanwhile = "retrying" } = this.#options;
    this.#failures++;
    if (this.isActive) return log.debug("Still failing: {reason}", { reason });
    this.#since = this.#now();
    if (this.#since - this.#minute >= 60_000) [this.#minute, this.#outages] = [this.#since, 0];
    this.#outages++;
    log[this.#isFrequent ? "debug" : "warn"](`{reason}; ${meanwhile}`, { reason });
  }

  /** Ends the outage, if there is one. */
  end(): void {
    if (this.#since === undefined) return;
    const { log, over } = this.#options;
    log[this.#isFrequent ? "debug" : "info"](
      `${over} after {seconds} s, failed attempts: {failures}`,
      {
        seconds: Math.round((this.#now() - this.#since) / 100) / 10,
        failures: this.#failures,
      },
    );
    this.#since = undefined;
    this.#failures = 0;
  }

  get #isFrequent(): boolean {
    return this.#outages > MAX_PER_MINUTE;
  }

  #now(): number {
    return this.#options.now?.() ?? performance.now();
  }
}
