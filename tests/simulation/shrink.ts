import { type Outcome, runHistory } from "./history.ts";
import { type Cuts, Plan } from "./plan.ts";

/** The maximum number of histories that are tried to find a smaller failing one. */
const MOST_TRIES = 300;

/** A failing history, shrunk as far as it still fails in the same way. */
export interface Smallest {
  readonly seed: number;
  readonly plan: Plan;
  readonly outcome: Outcome;
  /** The command that repeats it. */
  readonly command: string;
}

/**
 * Shrinks a failing history: removes faults, one after another, and reduces the events.
 *
 * To be called from a task of the event loop, as `runHistory()`.
 */
export function shrink(seed: number, first: Cuts, maxTries = MOST_TRIES): Smallest {
  let tries = 0;
  let cuts: Cuts = { ...first, events: new Plan(seed, first).events };
  const kind = runHistory(new Plan(seed, first)).failures[0]?.kind;
  const fails = (tried: Cuts) =>
    ++tries <= maxTries && runHistory(new Plan(seed, tried)).failures[0]?.kind === kind;
  for (let isSmaller = kind !== undefined; isSmaller && tries < maxTries;) {
    isSmaller = false;
    for (const fault of new Plan(seed, cuts).faults) {
      const tried = { ...cuts, without: [...cuts.without, fault] };
      if (!fails(tried)) continue;
      cuts = tried;
      isSmaller = true;
    }
    for (let events = Math.floor(cuts.events / 2); events > 0;) {
      const isStillFailing = fails({ ...cuts, events });
      if (isStillFailing) {
        cuts = { ...cuts, events };
        isSmaller = true;
      }
      const next = isStillFailing ? Math.floor(events / 2) : Math.ceil((events + cuts.events) / 2);
      if (next >= cuts.events || next === events) break;
      events = next;
    }
  }
  const plan = new Plan(seed, cuts);
  return {
    seed,
    plan,
    outcome: runHistory(plan, { traces: true }),
    command: commandOf(seed, plan),
  };
}

/** Returns the names of the remaining faults, which is shorter than those of the removed ones. */
function commandOf(seed: number, { faults, events, cuts: { without, program } }: Plan): string {
  const only = without.length === 0 ? "" : ` --only '${faults.join(",")}'`;
  const store = program === "store" ? " --store" : "";
  return `deno task simulate${store} --seed ${seed}${only} --events ${events} --trace`;
}
