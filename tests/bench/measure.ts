import { median } from "../support/tools/statistics.ts";
import { childSeconds, residentBytesBelow } from "../support/programs/process.ts";
import { environment, type Peer, type Task } from "./peers.ts";

/** The time and memory of one run of a producer. */
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
 * @param started Returns when the source was first read, in ms since 1970.
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
  const sampling = setInterval(() => samples.push(megabytesBelow(process.pid)), SAMPLE_EVERY);
  try {
    const { success, stdout, stderr } = await process.output();
    const ended = Date.now();
    const decoder = new TextDecoder();
    if (!success) throw new Error(`${peer.name} failed: ${decoder.decode(stderr).slice(-500)}`);
    return {
      seconds: (ended - await started()) / 1000,
      cpu: childSeconds(decoder.decode(stdout)),
      peak: Math.max(...samples),
      steady: median(samples.slice(samples.length >> 1)),
    };
  } finally {
    clearInterval(sampling);
  }
}

/** Of all processes below one. */
function megabytesBelow(pid: number): number {
  return residentBytesBelow(pid).reduce((sum, bytes) => sum + bytes, 0) / 1e6;
}
