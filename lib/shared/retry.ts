import { sleep } from "./sleep.ts";

/** How often and for how long to retry; all times in ms. */
export interface RetryPolicy {
  /** The wait before the second attempt. */
  readonly firstWaitMs: number;
  /** Waits double up to this one. Default: `firstWaitMs`, so that all waits are equal. */
  readonly maxWaitMs?: number;
  /** No attempt begins later than this after the first one. Default: no limit. */
  readonly limitMs?: number;
  /** Ends the waiting; the last failure is then thrown. */
  readonly signal?: AbortSignal | undefined;
  /** For tests. Default: the clock. */
  readonly now?: () => number;
  /** For tests. Default: a timer. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** Returns the wait after the `attempt`-th failure in a row, from 1, in ms. */
export function waitAfter(
  attempt: number,
  { firstWaitMs, maxWaitMs = firstWaitMs }: Pick<RetryPolicy, "firstWaitMs" | "maxWaitMs">,
): number {
  return Math.min(firstWaitMs * 2 ** Math.min(attempt - 1, 30), maxWaitMs);
}

/**
 * Retries work while its failures are transient.
 *
 * @param isTransient Decides by the failure; called once per failed attempt, from 1.
 * @throws the last failure: one that is not transient, or that came at the end of the policy.
 */
export async function retry<T>(
  work: () => Promise<T>,
  isTransient: (error: unknown, attempt: number) => boolean,
  policy: RetryPolicy,
): Promise<T> {
  const { limitMs = Infinity, signal, now = Date.now, sleep: wait = sleep } = policy;
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

/** Repeats a check until it holds, and returns whether it did before the end of the policy. */
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
