import { UserError } from "./error.ts";

/** A package of npm, as it is installed. */
export interface Package {
  readonly name: string;
  readonly version: string;
  /** The folder that it is in. */
  readonly localPath: string;
  /** The ids of what it needs. */
  readonly dependencies: readonly string[];
}

/** All packages of the lock file, by their ids. */
export type Packages = Readonly<Record<string, Package>>;

/** What `deno info --json` says of a program, as far as it is needed here. */
export interface Graph {
  readonly modules: readonly { readonly npmPackage?: string }[];
  readonly npmPackages: Packages;
}

/**
 * What a program is made of.
 *
 * @param script Path from the working folder: `main.ts`.
 * @throws {UserError} when Deno cannot say.
 */
export async function graphOf(script: string): Promise<Graph> {
  const { code, stdout, stderr } = await runDeno(["info", "--json", "--frozen", script]);
  if (code === 0) return JSON.parse(stdout);
  throw new UserError(`Cannot find out what '${script}' imports`, { details: lastLines(stderr) });
}

/** The ids of packages, and of all that they need in turn. */
export function withDependencies(packages: Packages, ids: Iterable<string>): Set<string> {
  const found = new Set<string>();
  const add = (id: string) => {
    if (found.has(id)) return;
    found.add(id);
    packages[id]?.dependencies.forEach(add);
  };
  for (const id of ids) add(id);
  return found;
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
