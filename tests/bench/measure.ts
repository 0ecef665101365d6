import { environment, type Peer, type Task } from "./peers.ts";

/** What one run of a producer took. */
export interface Cost {
  /** From the first byte that it could read to its end, in seconds. */
  readonly seconds: number;
  /** User and system time of the process and what it started, from its start on, in seconds. */
  readonly cpu: number;
  /** Resident memory in MB: the most that was seen, and the median of the second half. */
  readonly peak: number;
  readonly steady: number;
}

/** How often memory is looked at, in ms. */
const SAMPLE_EVERY = 200;
/** A run that takes longer than this is given up, in seconds. */
const LIMIT = 900;

/**
 * Runs a producer to its end.
 *
 * @param started Tells when the source was first read, in ms since 1970.
 * @throws {Error} with what it said, where it fails.
 */
export async function measure(
  peer: Peer,
  task: Task,
  started: () => Promise<number>,
): Promise<Cost> {
  // The shell's `times` is the one way to learn the CPU time of a process that has ended.
  const process = new Deno.Command("sh", {
    args: [
      "-c",
      `timeout ${LIMIT} "$@" > /dev/null; code=$?; times; exit $code`,
      "sh",
      ...peer.command(task),
    ],
    env: environment(task),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const samples: number[] = [];
  const sampling = setInterval(() => samples.push(residentMegabytes(process.pid)), SAMPLE_EVERY);
  try {
    const { success, stdout, stderr } = await process.output();
    const ended = Date.now();
    const decoder = new TextDecoder();
    if (!success) throw new Error(`${peer.name} failed: ${decoder.decode(stderr).slice(-500)}`);
    return {
      seconds: (ended - await started()) / 1000,
      cpu: childTime(decoder.decode(stdout)),
      peak: Math.max(...samples),
      steady: median(samples.slice(samples.length >> 1)),
    };
  } finally {
    clearInterval(sampling);
  }
}

/** The second line of `times`: user and system time of the shell's children, as `0m1.23s`. */
function childTime(text: string): number {
  const times = [...text.matchAll(/(\d+)m([\d.]+)s/g)].slice(2);
  return times.reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
}

/** A process and all below it; 0 where `/proc` does not tell. */
function residentMegabytes(pid: number): number {
  try {
    const [, kilobytes = "0"] = /VmRSS:\s+(\d+)/.exec(read(pid, "status")) ?? [];
    const children = read(pid, `task/${pid}/children`).trim().split(" ").filter(Boolean);
    return Number(kilobytes) / 1000 +
      children.reduce((sum, child) => sum + residentMegabytes(Number(child)), 0);
  } catch {
    return 0;
  }
}

function read(pid: number, name: string): string {
  return Deno.readTextFileSync(`/proc/${pid}/${name}`);
}

/** The middle of the values; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** The value that the share `p` of all values does not exceed. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)] ?? NaN;
}
