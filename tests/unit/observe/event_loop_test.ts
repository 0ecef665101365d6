import { assertEquals } from "@std/assert";
import { EventLoopWatch } from "../../../lib/observe/event_loop.ts";
import { sleep } from "../../../lib/shared/sleep.ts";
import { inVirtualTime } from "../../support/tools/virtual_time.ts";

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

Deno.test(
  "EventLoopWatch measures with its own timer",
  inVirtualTime(async () => {
    let blocked = 0;
    using watch = new EventLoopWatch(() => performance.now() + blocked);
    await sleep(400);
    blocked = 700;
    await sleep(200);
    assertEquals(watch.worst, 700);
  }),
);
