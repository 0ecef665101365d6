import { sleep } from "../../shared/sleep.ts";
import { commandLine, type Process, sendSignal, type Signal } from "./process.ts";

/** Returns a command that first writes its pid to a file, so that it can always be stopped. */
export function notingPid(file: string, command: readonly string[]): string[] {
  return ["sh", "-c", 'echo $$ >"$0"; exec "$@"', file, ...command];
}

/**
 * Returns the running process whose pid is in a file, no matter which process started it.
 *
 * @param isOurs Checks the command line: another program may have got the pid since then.
 * @returns `undefined` if it does not run.
 */
export async function runningProcess(
  file: string,
  isOurs: (command: string) => boolean,
): Promise<Process | undefined> {
  const pid = Number(await Deno.readTextFile(file).catch(() => "0"));
  const runs = async () => isOurs(await commandLine(pid) ?? "");
  if (!(pid > 0 && await runs())) return undefined;
  return {
    pid,
    signal: async (name: Signal) => {
      if (await runs()) await sendSignal(pid, name);
    },
    get exited() {
      return untilNot(runs);
    },
  };
}

async function untilNot(condition: () => Promise<boolean>): Promise<number> {
  while (await condition()) await sleep(100);
  return 0;
}
