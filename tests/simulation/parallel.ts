import type { Cuts, Fault } from "./plan.ts";
import type { Done, Job } from "./worker.ts";

/** The number of histories that a thread gets at once. */
const AT_ONCE = 25;
/** The number of failures after which no further seed is started. */
const ENOUGH_FAILURES = 20;

export interface ParallelOptions {
  readonly from: number;
  readonly runs: number;
  /** The time after which no seed is started, in ms. */
  readonly limit: number;
  readonly cuts: Cuts;
  /** The number of threads. */
  readonly jobs: number;
  /** No seed is started after it. */
  readonly stop?: AbortSignal;
}

/** The results of many histories, and their duration in s. */
export interface Runs extends Done {
  readonly seconds: number;
}

/** Runs many histories on several threads. The assignment to threads does not matter. */
export async function runParallel(options: ParallelOptions): Promise<Runs> {
  const { from, runs, limit, cuts, jobs, stop } = options;
  const begun = performance.now();
  const all = { runs: 0, events: 0, steps: 0, duration: 0 };
  const coverage = new Map<Fault, number>();
  const failed: Done["failed"][number][] = [];
  let next = from;
  const takeJob = (): Job | undefined => {
    const isOver = stop?.aborted || performance.now() - begun > limit;
    if (isOver || next >= from + runs || failed.length >= ENOUGH_FAILURES) return undefined;
    const job = { from: next, count: Math.min(AT_ONCE, from + runs - next), cuts };
    next += job.count;
    return job;
  };
  const add = (done: Done) => {
    for (const key of ["runs", "events", "steps", "duration"] as const) all[key] += done[key];
    for (const [fault, times] of done.coverage) {
      coverage.set(fault, (coverage.get(fault) ?? 0) + times);
    }
    failed.push(...done.failed);
  };
  await Promise.all(Array.from({ length: jobs }, () => work(takeJob, add)));
  failed.sort((a, b) => a.seed - b.seed);
  return { ...all, coverage, failed, seconds: (performance.now() - begun) / 1000 };
}

function work(takeJob: () => Job | undefined, add: (done: Done) => void): Promise<void> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  return new Promise<void>((resolve, reject) => {
    const give = () => {
      const job = takeJob();
      if (job === undefined) return resolve();
      worker.postMessage(job);
    };
    worker.onmessage = ({ data }: MessageEvent<Done>) => {
      add(data);
      give();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    give();
  }).finally(() => worker.terminate());
}
