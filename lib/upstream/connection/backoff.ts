/**
 * Returns the wait before the next attempt, in ms: a random time up to a ceiling that doubles with
 * each attempt ("full jitter"), so that many clients do not return in step.
 *
 * @param attempt 1 for the first attempt after a failure.
 */
export function backoff(attempt: number, random: () => number = Math.random): number {
  return Math.round(random() * Math.min(CAP, BASE * 2 ** Math.min(attempt - 1, 30)));
}

/** Ceilings in ms: of the first wait, and of all. */
const BASE = 250;
const CAP = 30_000;
