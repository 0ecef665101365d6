import { UserError } from "../../lib/shared/error.ts";

/** An installed npm package. */
export interface Package {
  readonly name: string;
  readonly version: string;
  /** Its folder. */
  readonly localPath: string;
}

/**
 * Returns the packages of a lock file. Deno installs all of them for each program that uses the
 * file.
 *
 * @param script A program that has packages, by its path from the working folder: `main.ts`.
 * @param lock Path of the lock file. Default: that of the programs.
 * @throws {UserError} if `deno info` fails.
 */
export async function packagesOf(script: string, lock = "deno.lock"): Promise<Package[]> {
  const { code, stdout, stderr } = await runDeno([
    "info",
    "--json",
    "--frozen",
    `--lock=${lock}`,
    script,
  ]);
  if (code === 0) return Object.values(JSON.parse(stdout).npmPackages);
  throw new UserError(`Cannot list the imports of '${script}'`, { details: lastLines(stderr) });
}

/** Runs the Deno of the PATH and waits for its end. */
export async function runDeno(args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command("deno", {
    args: [...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Returns the last lines of an error of Deno, without its stack. */
export function lastLines(stderr: string): string[] {
  const [message = ""] = stderr.split("\nStack backtrace");
  return message.trim().split("\n").filter((line) => line !== "").slice(-10);
}
