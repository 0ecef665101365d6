// Runs the histories of some seeds in a thread of its own, and returns their results.
import { runHistory } from "./history.ts";
import { type Cuts, type Fault, Plan } from "./plan.ts";

/** The seeds: `count` ones from `from` on. */
export interface Job {
  readonly from: number;
  readonly count: number;
  readonly cuts: Cuts;
}

export interface Done {
  readonly runs: number;
  readonly events: number;
  readonly steps: number;
  /** ms of virtual time. */
  readonly duration: number;
  readonly coverage: ReadonlyMap<Fault, number>;
  readonly failed: readonly {
    readonly seed: number;
    readonly kind: string;
    readonly detail: string;
  }[];
}

/** To be called from a task of the event loop, as `runHistory()`. */
export function runJob({ from, count, cuts }: Job): Done {
  const coverage = new Map<Fault, number>();
  const failed: Done["failed"][number][] = [];
  let [events, steps, duration] = [0, 0, 0];
  for (let seed = from; seed < from + count; seed++) {
    const outcome = runHistory(new Plan(seed, cuts));
    events += outcome.events;
    steps += outcome.steps;
    duration += outcome.duration;
    for (const [fault, times] of outcome.coverage) {
      coverage.set(fault, (coverage.get(fault) ?? 0) + times);
    }
    const [failure] = outcome.failures;
    if (failure !== undefined) failed.push({ seed, ...failure });
  }
  return { runs: count, events, steps, duration, coverage, failed };
}

if (typeof WorkerGlobalScope !== "undefined") {
  const { self } = globalThis as unknown as { self: DedicatedWorker };
  self.onmessage = ({ data }) => setTimeout(() => self.postMessage(runJob(data)), 0);
}

declare const WorkerGlobalScope: unknown;

interface DedicatedWorker {
  onmessage: (event: { data: Job }) => void;
  postMessage(done: Done): void;
}
