import { runHistory } from "../../simulation/history.ts";
import { type Cuts, Plan, UNCUT } from "../../simulation/plan.ts";
import { smallestText } from "../../simulation/report.ts";
import { shrink } from "../../simulation/shrink.ts";
import { inTask } from "../../simulation/world/scheduler.ts";
import { writeOutput } from "../../../lib/terminal/output.ts";

/** The time for the seeds of each program, in ms. */
const BUDGETS = { producer: 18_000, store: 6000 };
/** The number of histories that are tried to find a smaller failing one. */
const TRIES = 60;

/**
 * The first seed of producers differs in each run; `simulation_test` runs the same seeds each time.
 * Those of members of `store` are the same too: how often a fresh one fails is not known yet.
 */
const FIRST = { producer: Date.now() % 1_000_000_000, store: 1 };

for (const program of ["producer", "store"] as const) {
  const first = FIRST[program];
  const budget = BUDGETS[program];
  Deno.test(`histories of seeds from ${first} on keep the guarantees: ${program}`, async () => {
    const begun = performance.now();
    const cuts: Cuts = { ...UNCUT, program };
    for (let seed = first; performance.now() - begun < budget; seed++) {
      const { failures } = await inTask(() => runHistory(new Plan(seed, cuts)));
      if (failures.length === 0) continue;
      writeOutput(smallestText(await inTask(() => shrink(seed, cuts, TRIES))));
      throw new Error(`The history of seed ${seed} fails: ${failures[0]!.kind}`);
    }
  });
}
