import { UserError } from "../../shared/error.ts";
import { sleep } from "../../shared/sleep.ts";
import type { Process } from "./process.ts";

/** How to wait for a process that was just started. */
export interface ReadyOptions {
  /** Its name within a sentence: `broker 1`. */
  readonly name: string;
  /** Returns whether it answers. Called again 100 ms after false. */
  readonly isReady: () => Promise<boolean>;
  /** How long that may take, in ms. */
  readonly limit: number;
  /** The path of its log. */
  readonly log: string;
  /** Returns the last lines of its log. */
  readonly logEnd: () => Promise<readonly string[]>;
  /** Ends the wait. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Returns when a process answers.
 *
 * @throws {UserError} with the end of its log, if it ends or does not answer in time.
 * @throws The reason of `signal`, if that is aborted.
 */
export async function untilReady(
  process: Process,
  { name, isReady, limit, log, logEnd, signal }: ReadyOptions,
): Promise<void> {
  const deadline = performance.now() + limit;
  let code: number | undefined;
  process.exited.then((exitCode) => code = exitCode);
  const failure = async (what: string) =>
    new UserError(`Cannot start ${name}: ${what}`, {
      details: await logEnd(),
      hint: `Read its whole log: '${log}'`,
    });
  while (!await isReady()) {
    signal?.throwIfAborted();
    if (code !== undefined) throw await failure(`it ended with exit code ${code}`);
    if (performance.now() > deadline) throw await failure(`no answer after ${limit / 1000} s`);
    await sleep(100, signal);
  }
}
