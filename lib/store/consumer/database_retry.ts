import { getLogger } from "@logtape/logtape";
import { Outage } from "../../shared/outage.ts";
import { retry, type RetryPolicy } from "../../shared/retry.ts";
import { abortable } from "../../shared/sleep.ts";
import { AllRejected, SinkUnavailable } from "../sink.ts";
import type { StoreProgress } from "./progress.ts";

const logger = getLogger(["wikitap", "store"]);

/** Retries within a second of the database's return. */
const POLICY: RetryPolicy = { firstWaitMs: 100, maxWaitMs: 1000 };

/** The number of attempts of a batch that is rejected as a whole. */
const MAX_REJECTED = 4;

/** Retries work on the database while it is unavailable. Reports that once, and to the progress. */
export class DatabaseRetry {
  readonly #progress: Pick<StoreProgress, "away">;
  readonly #policy: RetryPolicy;
  readonly #outage = new Outage({
    log: logger,
    over: "The database is back",
  });

  /** @param policy For tests. Default: waits of 100 ms up to 1 s, without a limit. */
  constructor(progress: Pick<StoreProgress, "away">, policy: RetryPolicy = POLICY) {
    this.#progress = progress;
    this.#policy = policy;
  }

  /**
   * Runs work on the database until it succeeds.
   *
   * @param signal Ends the wait, even during an attempt, whose outcome is then unknown.
   * @throws what the work throws, unless it is `SinkUnavailable`; if `signal` is aborted, its
   * reason or the last failure.
   * @throws {AllRejected} after a few attempts: the batch may be accepted with more that follow.
   */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const isTransient = (error: unknown, attempt: number) => {
      if (!(error instanceof SinkUnavailable)) return false;
      this.#outage.fail(`Cannot write to the database: ${error.message}`);
      this.#progress.away(true);
      return !(error instanceof AllRejected) || attempt < MAX_REJECTED;
    };
    const attempt = () => abortable(work(), signal);
    const result = await retry(attempt, isTransient, { ...this.#policy, signal });
    this.#outage.end();
    this.#progress.away(false);
    return result;
  }
}
