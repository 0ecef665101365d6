/** The result of a shell command. */
export interface CommandResult {
  /** The exit code. */
  readonly code: number;
  /** stdout and stderr together. */
  readonly output: string;
}

/**
 * Runs a POSIX shell script to its end, with `args` as `$1`, `$2`, …
 *
 * Everything that `lib/local` runs goes through `sh`. This needs one permission, finds programs as
 * a terminal does, and works the same on Linux and macOS.
 */
export async function shell(script: string, ...args: readonly string[]): Promise<CommandResult> {
  const { code, stdout } = await new Deno.Command("sh", {
    args: ["-c", `exec 2>&1\n${script}`, "sh", ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).output();
  return { code, output: new TextDecoder().decode(stdout) };
}

/** The shell's exit code if it did not find the program. */
export const NOT_FOUND = 127;
