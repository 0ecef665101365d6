import { runHistory } from "../../simulation/history.ts";
import { Plan, UNCUT } from "../../simulation/plan.ts";
import { smallestText } from "../../simulation/report.ts";
import { shrink } from "../../simulation/shrink.ts";
import { inTask } from "../../simulation/world/scheduler.ts";
import { writeOutput } from "../../../lib/terminal/output.ts";

/** How long fresh seeds are tried, in ms: each run of the quick gate tries others. */
const BUDGET = 15_000;
/** Histories that are tried for a smaller one that fails. */
const TRIES = 60;

Deno.test("histories of fresh seeds keep the guarantees", async (test) => {
  const from = crypto.getRandomValues(new Uint32Array(1))[0]!;
  // A step's name is printed even if output is not.
  await test.step(`seeds from ${from} on`, async () => {
    const begun = performance.now();
    for (let seed = from; performance.now() - begun < BUDGET; seed++) {
      const { failures } = await inTask(() => runHistory(new Plan(seed)));
      if (failures.length === 0) continue;
      writeOutput(smallestText(await inTask(() => shrink(seed, UNCUT, TRIES))));
      throw new Error(`The history of seed ${seed} fails: ${failures[0]!.kind}`);
    }
  });
});
