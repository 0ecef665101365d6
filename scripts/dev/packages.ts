import { UserError } from "../../lib/shared/error.ts";

/** A package of npm, as it is installed. */
export interface Package {
  readonly name: string;
  readonly version: string;
  /** The folder that it is in. */
  readonly localPath: string;
}

/**
 * The packages of a lock file, the whole of which Deno installs for whatever is run with it.
 *
 * @param script Some program that has packages, by its path from the working folder: `main.ts`.
 * @param lock Path of the lock file. Default: that of the programs.
 * @throws {UserError} when Deno cannot say.
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
  throw new UserError(`Cannot find out what '${script}' imports`, { details: lastLines(stderr) });
}

/** Runs the Deno of the PATH to its end. */
export async function runDeno(args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command("deno", {
    ...{ args: [...args], env: { NO_COLOR: "1" }, stdin: "null" },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The end of what Deno says of a failure, without its own stack. */
export function lastLines(stderr: string): string[] {
  const [said = ""] = stderr.split("\nStack backtrace");
  return said.trim().split("\n").filter((line) => line !== "").slice(-10);
}
