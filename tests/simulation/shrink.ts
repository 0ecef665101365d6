import { type Outcome, runHistory } from "./history.ts";
import { type Cuts, Plan } from "./plan.ts";

/** Histories that are tried at most for a smaller one that fails. */
const MOST_TRIES = 300;

/** A history that fails, cut down as far as it still fails in the same way. */
export interface Smallest {
  readonly seed: number;
  readonly plan: Plan;
  readonly outcome: Outcome;
  /** The command that repeats it. */
  readonly command: string;
}

/**
 * Makes a history that fails smaller: leaves faults out, one after another, and takes fewer events.
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

/** Names the faults that are left, which is shorter than those that are not. */
function commandOf(seed: number, { faults, events, cuts: { without, program } }: Plan): string {
  const only = without.length === 0 ? "" : ` --only '${faults.join(",")}'`;
  const store = program === "store" ? " --store" : "";
  return `deno task simulate${store} --seed ${seed}${only} --events ${events} --trace`;
}
