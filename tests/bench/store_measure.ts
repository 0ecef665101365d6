import { childSeconds, residentBytesBelow } from "../support/programs/process.ts";

/** The time and memory of a run. */
export interface Measured {
  /** Seconds from its start to its end. */
  readonly seconds: number;
  /** CPU seconds, user and system, with all children. */
  readonly cpu: number;
  /** Maximum resident memory of the largest process, in MB. */
  readonly peakMb: number;
  /** The same for the first half of the run: growth shows in the difference. */
  readonly halfMb: number;
  /** stdout and stderr. */
  readonly output: string;
  /** The longest time that its event loop was blocked, in ms, if it reports that. */
  readonly blockedMs?: number;
}

const SAMPLE_EVERY = 200;

/**
 * Runs a command and measures it; memory only if `/proc` exists.
 *
 * @param sampleMs How often memory is sampled. Default 200 ms.
 * @throws {Error} with its output if it fails.
 */
export async function measure(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
  sampleMs: number = SAMPLE_EVERY,
): Promise<Measured> {
  const began = performance.now();
  // The shell's `times` prints its own times, and in the next line those of its children.
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
