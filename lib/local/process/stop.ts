import { UserError } from "../../shared/error.ts";
import { within } from "../../shared/sleep.ts";
import type { Process } from "./process.ts";

/** How long an orderly stop may take before SIGKILL, in ms. */
const STOP_LIMIT = 10_000;

/**
 * Stops processes in order (SIGTERM), all at the same time; those that take longer than 10 s are
 * killed.
 *
 * @throws {UserError} if one continues to run.
 */
export async function stopAll(processes: readonly Process[]): Promise<void> {
  await Promise.all(processes.map(async (process) => {
    await process.signal("TERM");
    if (await within(STOP_LIMIT, process.exited) !== undefined) return;
    await process.signal("KILL");
    if (await within(STOP_LIMIT, process.exited) !== undefined) return;
    throw new UserError(`Cannot stop process ${process.pid}`);
  }));
}
