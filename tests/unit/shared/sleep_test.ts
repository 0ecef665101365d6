import { assertEquals, assertRejects } from "@std/assert";
import { abortable, sleep, unlessStopped, untilAborted } from "../../../lib/shared/sleep.ts";
import { inVirtualTime } from "../../support/tools/virtual_time.ts";

Deno.test(
  "sleep() waits, or ends when its signal is aborted",
  inVirtualTime(async () => {
    const stop = new AbortController();
    const started = performance.now();
    const elapsed = () => performance.now() - started;
    await sleep(20, stop.signal);
    assertEquals(elapsed(), 20);
    setTimeout(() => stop.abort(), 30);
    await sleep(60_000, stop.signal);
    assertEquals(elapsed(), 50);
    await sleep(60_000, stop.signal);
    assertEquals(elapsed(), 50);
  }),
);

Deno.test("untilAborted() resolves at the abort, even for an aborted signal", async () => {
  const stop = new AbortController();
  let isOver = false;
  const over = untilAborted(stop.signal).then(() => isOver = true);
  await sleep(0);
  assertEquals(isOver, false);
  stop.abort();
  await over;
  await untilAborted(stop.signal);
});

Deno.test("unlessStopped() ignores a failure only if it was stopped", async () => {
  const stop = new AbortController();
  const failing = () => Promise.reject(new Error("away"));
  assertEquals(await unlessStopped(stop.signal, Promise.resolve(5)), 5);
  await assertRejects(() => unlessStopped(stop.signal, failing()), Error, "away");
  stop.abort();
  assertEquals(await unlessStopped(stop.signal, failing()), undefined);
});

Deno.test("abortable() does not wait for work after the abort", async () => {
  const stop = new AbortController();
  assertEquals(await abortable(Promise.resolve(5), stop.signal), 5);
  const waiting = abortable(new Promise(() => {}), stop.signal);
  stop.abort(new Error("stopped"));
  await assertRejects(() => waiting, Error, "stopped");
  await assertRejects(() => abortable(new Promise(() => {}), stop.signal), Error, "stopped");
});
