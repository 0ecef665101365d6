import { UserError } from "../../shared/error.ts";
import { sleep } from "../../shared/sleep.ts";
import type { Process } from "./process.ts";

/** How a process that has just been started is waited for. */
export interface ReadyOptions {
  /** What it is, as the beginning of a sentence: `Broker 1`. */
  readonly name: string;
  /** Whether it answers. Asked again 100 ms after it has said no. */
  readonly isReady: () => Promise<boolean>;
  /** How long that may take, in ms. */
  readonly limit: number;
  /** The path of its log, and what there is at its end. */
  readonly log: string;
  readonly logEnd: () => Promise<readonly string[]>;
  /** Ends the waiting. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Returns when a process answers.
 *
 * @throws {UserError} with the end of its log, when it ends or does not answer in time.
 * @throws The reason of `signal`, when that is aborted.
 */
export async function untilReady(
  process: Process,
  { name, isReady, limit, log, logEnd, signal }: ReadyOptions,
): Promise<void> {
  const deadline = Date.now() + limit;
  let code: number | undefined;
  process.exited.then((exitCode) => code = exitCode);
  const failure = async (what: string) =>
    new UserError(`${name} ${what}`, {
      details: await logEnd(),
      hint: `Its whole log: '${log}'`,
    });
  while (!await isReady()) {
    signal?.throwIfAborted();
    if (code !== undefined) throw await failure(`ended while it started: exit code ${code}`);
    if (Date.now() > deadline) throw await failure(`does not answer after ${limit / 1000} s`);
    await sleep(100, signal);
  }
}
