import { runHistory } from "../../simulation/history.ts";
import { type Cuts, Plan, UNCUT } from "../../simulation/plan.ts";
import { smallestText } from "../../simulation/report.ts";
import { shrink } from "../../simulation/shrink.ts";
import { inTask } from "../../simulation/world/scheduler.ts";
import { writeOutput } from "../../../lib/terminal/output.ts";

/** Time for the seeds of each program, in ms. */
const BUDGETS = { producer: 13_000, store: 4000 };
/** Histories that are tried for a smaller one that fails. */
const TRIES = 60;

/** Every run tries other histories; a failure names its seed. */
const FIRST = crypto.getRandomValues(new Uint32Array(1))[0]!;

for (const [program, budget] of Object.entries(BUDGETS)) {
  Deno.test(`histories from seed ${FIRST} on keep the guarantees: ${program}`, async () => {
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
