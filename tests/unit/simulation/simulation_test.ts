import { assertEquals } from "@std/assert";
import { type Outcome, runHistory } from "../../simulation/history.ts";
import { Plan } from "../../simulation/plan.ts";
import { inTask } from "../../simulation/world/scheduler.ts";

const run = (seed: number, traces = false): Promise<Outcome> =>
  inTask(() => runHistory(new Plan(seed), { traces }));

Deno.test("runHistory() gives the same history for the same seed", async () => {
  const [first, second] = [await run(11, true), await run(11, true)];
  assertEquals(first.timeline.length > 300, true);
  assertEquals(second.timeline, first.timeline);
});

Deno.test("runHistory() leaves the platform's clock and timers as they were", async () => {
  const before = [Date, setTimeout, Math.random, crypto.randomUUID, performance.now];
  await run(1);
  assertEquals([Date, setTimeout, Math.random, crypto.randomUUID, performance.now], before);
});

Deno.test("every history of the first seeds keeps the guarantees", async () => {
  for (let seed = 0; seed < 8; seed++) assertEquals((await run(seed)).failures, [], `seed ${seed}`);
});
