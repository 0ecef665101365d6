import { assertEquals } from "@std/assert";
import { Pace } from "../../../lib/shared/pace.ts";

Deno.test("Pace limits the starts within a second", async () => {
  let now = 0;
  const begun: number[] = [];
  const pace = new Pace(3, () => now, (ms) => {
    now += ms;
    return Promise.resolve();
  });
  for (let i = 0; i < 7; i++) {
    await pace.take();
    begun.push(now);
    now += 100;
  }
  assertEquals(begun, [0, 100, 200, 1000, 1100, 1200, 2000]);
});

Deno.test("Pace spaces out simultaneous waiters", async () => {
  const waits: number[] = [];
  const pace = new Pace(2, () => 0, (ms) => {
    waits.push(ms);
    return Promise.resolve();
  });
  await Promise.all(Array.from({ length: 6 }, () => pace.take()));
  assertEquals(waits, [1000, 1000, 2000, 2000]);
});
