import { assertEquals, assertNotEquals } from "@std/assert";
import { Random } from "../../../lib/replay/random.ts";
import { ClockSteps } from "../../chaos/harness/clock_steps.ts";
import { planOf } from "../../chaos/harness/plan.ts";

const ofSeed = (seed: number) => planOf({ kill: 10, freeze: 3 }, new Random(seed));

Deno.test("planOf() has the requested number of each fault, by seed", () => {
  assertEquals(ofSeed(1).toSorted(), [...Array(3).fill("freeze"), ...Array(10).fill("kill")]);
  assertEquals(ofSeed(1), ofSeed(1));
  assertNotEquals(ofSeed(1), ofSeed(2));
  assertEquals(planOf({ kill: 0 }, new Random(1)), []);
});

Deno.test("ClockSteps sets the clock of a program, and counts the steps", async () => {
  const clock = new ClockSteps({ seed: 1, every: 1e-3 });
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...clock.flags(1), "data:text/javascript,console.log(Date.now())"],
  }).output();
  const [output, printed] = [stderr, stdout].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(ClockSteps.count(output!), 100);
  const skew = Number(/(-?\d+) ms\n$/.exec(output!)![1]);
  assertEquals(Math.round((Number(printed) - Date.now() - skew) / 30_000), 0);
});

Deno.test("ClockSteps leaves the clock alone without steps", () => {
  assertEquals(new ClockSteps({ seed: 1, every: 1000 / 0 }).flags(1), []);
});
