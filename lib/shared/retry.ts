import { sleep } from "./sleep.ts";

/** How often and for how long to retry; all times in ms. */
export interface RetryPolicy {
  /** The wait before the second attempt. */
  readonly firstWaitMs: number;
  /** The wait doubles up to this. Default: `firstWaitMs`, so all waits are equal. */
  readonly maxWaitMs?: number;
  /** No attempt begins later than this after the start. Default: no limit. */
  readonly limitMs?: number;
  /** Ends the retries; the last failure is then thrown. */
  readonly signal?: AbortSignal | undefined;
  /** For tests. Default: the time since the start, which no clock step changes. */
  readonly now?: () => number;
  /** For tests. Default: a timer. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

const monotonic = () => performance.now();

/** Returns the wait in ms after the `attempt`-th failure in a row, counted from 1. */
export function waitAfter(
  attempt: number,
  { firstWaitMs, maxWaitMs = firstWaitMs }: Pick<RetryPolicy, "firstWaitMs" | "maxWaitMs">,
): number {
  return Math.min(firstWaitMs * 2 ** Math.min(attempt - 1, 30), maxWaitMs);
}

/**
 * Retries work while its failures are transient.
 *
 * @param isTransient Returns whether to retry; called once for each failed attempt, from 1.
 * @throws the last failure: one that is not transient, or the one at which the policy ended.
 */
export async function retry<T>(
  work: () => Promise<T>,
  isTransient: (error: unknown, attempt: number) => boolean,
  policy: RetryPolicy,
): Promise<T> {
  const { limitMs = Infinity, signal, now = monotonic, sleep: wait = sleep } = policy;
  const begun = now();
  for (let attempt = 1;; attempt++) {
    try {
      return await work();
    } catch (error) {
      const waitMs = waitAfter(attempt, policy);
      if (!isTransient(error, attempt) || now() - begun + waitMs > limitMs) throw error;
      await wait(waitMs, signal);
      if (signal?.aborted) throw error;
    }
  }
}

/**
 * Repeats a check until it returns `true`.
 *
 * @returns Whether it did before the policy ended.
 * @throws any failure of the check.
 */
export async function untilTrue(
  check: () => Promise<boolean>,
  policy: RetryPolicy,
): Promise<boolean> {
  const unmet = new Error("The check does not hold");
  const work = async () => {
    if (!await check()) throw unmet;
    return true;
  };
  return await retry(work, (error) => error === unmet, policy).catch((error) => {
    if (error === unmet) return false;
    throw error;
  });
}
