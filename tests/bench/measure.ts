import { median } from "../support/tools/statistics.ts";
import { childSeconds, residentBytesBelow } from "../support/programs/process.ts";
import { environment, type Peer, type Task } from "./peers.ts";

/** The time and memory of one run of a producer. */
export interface Cost {
  /** From the first byte read to the end, in seconds. */
  readonly seconds: number;
  /** User and system time of the process and its children since its start, in seconds. */
  readonly cpu: number;
  /** Resident memory in MB: the maximum, and the median of the second half. */
  readonly peak: number;
  readonly steady: number;
}

/** The interval of memory samples, in ms. */
const SAMPLE_EVERY = 200;
/** The time limit of a run, in seconds. */
const LIMIT = 900;

/**
 * Runs a producer to its end.
 *
 * @param started Returns when the source was first read, in ms since 1970.
 * @throws {Error} with its output if it fails.
 */
export async function measure(
  peer: Peer,
  task: Task,
  started: () => Promise<number>,
): Promise<Cost> {
  // Only the shell's `times` has the CPU time of a process that has ended.
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

/** Returns the processes below one, at any depth. */
function megabytesBelow(pid: number): number {
  return residentBytesBelow(pid).reduce((sum, bytes) => sum + bytes, 0) / 1e6;
}
