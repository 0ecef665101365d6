import { assertEquals } from "@std/assert";
import { EventLoopWatch } from "../../../lib/observe/event_loop.ts";

Deno.test("EventLoopWatch measures the delay and the longest of two minutes", () => {
  let now = 0;
  using watch = new EventLoopWatch(() => now);
  now = 500;
  assertEquals([watch.delay, watch.worst], [0, 0]);
  watch.beat();
  now = 3500;
  assertEquals([watch.delay, watch.worst], [2500, 2500]);
  watch.beat();
  now = 4000;
  assertEquals([watch.delay, watch.worst], [0, 2500]);
  for (; now < 63_500; now += 500) watch.beat();
  assertEquals(watch.worst, 2500);
  for (; now < 190_000; now += 500) watch.beat();
  assertEquals(watch.worst, 0);
});

Deno.test("EventLoopWatch looks by itself", async () => {
  using watch = new EventLoopWatch();
  await new Promise((resolve) => setTimeout(resolve, 510));
  const until = performance.now() + 600;
  while (performance.now() < until) { /* holds the loop */ }
  await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals(watch.worst > 50, true);
});
