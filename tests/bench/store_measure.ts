import { childSeconds, residentBytesBelow } from "../support/programs/process.ts";

/** The time and memory of a run. */
export interface Measured {
  /** From its start to its end. */
  readonly seconds: number;
  /** Of the processor, user and system, with all its children. */
  readonly cpu: number;
  /** Resident memory at its highest, of the largest process: MB. */
  readonly peakMb: number;
  /** The same of the first half of the run: one that grows is seen in the difference. */
  readonly halfMb: number;
  /** The text of both of its streams. */
  readonly output: string;
  /** The longest time that its event loop was blocked, in ms, if it says that. */
  readonly blockedMs?: number;
}

const SAMPLE_EVERY = 200;

/**
 * Runs a command and measures it; memory only if there is a `/proc`.
 *
 * @param sampleMs How often memory is sampled. Default 200 ms.
 * @throws {Error} with its output when it fails.
 */
export async function measure(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
  sampleMs: number = SAMPLE_EVERY,
): Promise<Measured> {
  const began = performance.now();
  // The shell's `times`: of itself in a line, of its children in the next.
  const script = '"$@" 2>&1 || exit; times >&2';
  const child = new Deno.Command("sh", {
    args: ["-c", script, "sh", ...command],
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const samples: number[] = [];
  const timer = setInterval(() => samples.push(largestBelow(child.pid)), sampleMs);
  const { code, stdout, stderr } = await child.output();
  clearInterval(timer);
  const seconds = (performance.now() - began) / 1000;
  const output = new TextDecoder().decode(stdout);
  if (code !== 0) throw new Error(`${command[0]} failed: ${output}`);
  const blocked = /^event loop blocked for (\d+) ms$/m.exec(output)?.[1];
  return {
    ...blocked === undefined ? {} : { blockedMs: Number(blocked) },
    output,
    seconds,
    cpu: childSeconds(new TextDecoder().decode(stderr)),
    peakMb: Math.max(0, ...samples),
    halfMb: Math.max(0, ...samples.slice(0, samples.length / 2)),
  };
}

function largestBelow(pid: number): number {
  return Math.max(0, ...residentBytesBelow(pid)) / 1e6;
}
