import { runHistory } from "../../simulation/history.ts";
import { Plan, UNCUT } from "../../simulation/plan.ts";
import { smallestText } from "../../simulation/report.ts";
import { shrink } from "../../simulation/shrink.ts";
import { inTask } from "../../simulation/world/scheduler.ts";
import { writeOutput } from "../../../lib/terminal/output.ts";

/** Time for the seeds, in ms. 'deno task simulate' tries others. */
const BUDGET = 15_000;
/** The last seed that is tried, if the time suffices. */
const LAST = 500;
/** Histories that are tried for a smaller one that fails. */
const TRIES = 60;

Deno.test("histories of the first seeds keep the guarantees", async () => {
  const begun = performance.now();
  for (let seed = 1; seed <= LAST && performance.now() - begun < BUDGET; seed++) {
    const { failures } = await inTask(() => runHistory(new Plan(seed)));
    if (failures.length === 0) continue;
    writeOutput(smallestText(await inTask(() => shrink(seed, UNCUT, TRIES))));
    throw new Error(`The history of seed ${seed} fails: ${failures[0]!.kind}`);
  }
});
