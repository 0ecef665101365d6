import { getLogger } from "@logtape/logtape";
import { Outage } from "../../shared/outage.ts";
import { retry, type RetryPolicy } from "../../shared/retry.ts";
import { SinkUnavailable } from "../sink.ts";
import type { StoreProgress } from "./progress.ts";

const logger = getLogger(["wikitap", "store"]);

/** Retries within a second of the database's return. */
const POLICY: RetryPolicy = { firstWaitMs: 100, maxWaitMs: 1000 };

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
   */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const isTransient = (error: unknown) => {
      if (!(error instanceof SinkUnavailable)) return false;
      this.#outage.fail(`Cannot write to the database: ${error.message}`);
      this.#progress.away(true);
      return true;
    };
    const attempt = () => abortable(work(), signal);
    const result = await retry(attempt, isTransient, { ...this.#policy, signal });
    this.#outage.end();
    this.#progress.away(false);
    return result;
  }
}

/** Rejects with `signal.reason` as soon as that is aborted. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
