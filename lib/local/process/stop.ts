import { UserError } from "../../shared/error.ts";
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
    if (await endsWithin(process, STOP_LIMIT)) return;
    await process.signal("KILL");
    if (await endsWithin(process, STOP_LIMIT)) return;
    throw new UserError(`Cannot stop process ${process.pid}`);
  }));
}

async function endsWithin(process: Process, limit: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => timer = setTimeout(() => resolve(false), limit));
  const ended = await Promise.race([process.exited.then(() => true as const), late]);
  clearTimeout(timer);
  return ended;
}
