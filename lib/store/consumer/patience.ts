import { sleep } from "../../shared/sleep.ts";
import { Unavailable } from "../sink.ts";

/** What is told while work waits for a database. */
export interface PatienceOptions {
  /** Ends the waiting, also in the midst of a try, whose outcome is then unknown. */
  readonly signal: AbortSignal;
  /** Called at every try that failed. */
  readonly onAway: (error: Unavailable) => void;
  /** Called after every try that did not. */
  readonly onBack: () => void;
}

/** The wait doubles from the first to the longest (ms): back within a second of the database. */
const FIRST_WAIT = 100;
const LONGEST_WAIT = 1000;

/**
 * Does work on a database, again and again while it is `Unavailable`.
 *
 * @throws What the work throws otherwise; `signal.reason` when that is aborted.
 */
export async function persist<T>(
  work: () => Promise<T>,
  { signal, onAway, onBack }: PatienceOptions,
): Promise<T> {
  for (let wait = FIRST_WAIT;; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    signal.throwIfAborted();
    try {
      const result = await abortable(work(), signal);
      onBack();
      return result;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      onAway(error);
    }
    await sleep(wait, signal);
  }
}

/** `promise`, or the rejection with `signal.reason` as soon as that comes. */
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
