import { runHistory } from "../../simulation/history.ts";
import { type Cuts, Plan, UNCUT } from "../../simulation/plan.ts";
import { smallestText } from "../../simulation/report.ts";
import { shrink } from "../../simulation/shrink.ts";
import { inTask } from "../../simulation/world/scheduler.ts";
import { writeOutput } from "../../../lib/terminal/output.ts";

/** The time for the seeds of each program, in ms. */
const BUDGETS = { producer: 24_000, store: 6000 };
/** The number of histories that are tried to find a smaller failing one. */
const TRIES = 60;

/**
 * Each day has seeds of its own, so that a failure of a gate can be repeated on that day.
 * `simulation_test` runs the same seeds every day.
 */
const FIRST = Math.floor(Date.now() / 86_400_000) * 10_000;

for (const [program, budget] of Object.entries(BUDGETS)) {
  Deno.test(`histories of seeds from ${FIRST} on keep the guarantees: ${program}`, async () => {
    const begun = performance.now();
    const cuts: Cuts = { ...UNCUT, program: program as keyof typeof BUDGETS };
    for (let seed = FIRST; performance.now() - begun < budget; seed++) {
      const { failures } = await inTask(() => runHistory(new Plan(seed, cuts)));
      if (failures.length === 0) continue;
      writeOutput(smallestText(await inTask(() => shrink(seed, cuts, TRIES))));
      throw new Error(`The history of seed ${seed} fails: ${failures[0]!.kind}`);
    }
  });
}
