import { assertEquals, assertRejects } from "@std/assert";
import { DatabaseRetry } from "../../../../lib/store/consumer/database_retry.ts";
import { AllRejected, SinkUnavailable } from "../../../../lib/store/sink.ts";

/** Returns a retry whose waits take no time, with its calls. */
function makeRetry() {
  const waits: number[] = [];
  const away: boolean[] = [];
  const sleep = (ms: number) => {
    waits.push(ms);
    return Promise.resolve();
  };
  const progress = { away: (isAway: boolean) => away.push(isAway) };
  const retry = new DatabaseRetry(progress, { firstWaitMs: 100, maxWaitMs: 1000, sleep });
  return { retry, waits, away };
}

const { signal } = new AbortController();

Deno.test("DatabaseRetry retries while the database is unreachable", async () => {
  const { retry, waits, away } = makeRetry();
  let left = 6;
  const work = () =>
    left-- > 0 ? Promise.reject(new SinkUnavailable("it is down")) : Promise.resolve("done");
  assertEquals(await retry.run(work, signal), "done");
  assertEquals(waits, [100, 200, 400, 800, 1000, 1000]);
  assertEquals([away[0], away.at(-1)], [true, false]);
});

Deno.test("DatabaseRetry gives up a batch that is rejected as a whole", async () => {
  const { retry, waits, away } = makeRetry();
  const work = () => Promise.reject(new AllRejected("it rejects all"));
  await assertRejects(() => retry.run(work, signal), AllRejected);
  assertEquals(waits, [100, 200, 400]);
  assertEquals(away.at(-1), true);
});

Deno.test("DatabaseRetry throws permanent failures", async () => {
  const { retry, waits } = makeRetry();
  await assertRejects(() => retry.run(() => Promise.reject(new Error("no")), signal), Error, "no");
  assertEquals(waits, []);
});

Deno.test("DatabaseRetry starts no attempt after it was stopped", async () => {
  const { retry } = makeRetry();
  let calls = 0;
  const work = () => Promise.resolve(calls++);
  await assertRejects(() => retry.run(work, AbortSignal.abort(new Error("stopped"))));
  assertEquals(calls, 0);
});

Deno.test("DatabaseRetry ends during an attempt when it is stopped", async () => {
  const { retry } = makeRetry();
  const stop = new AbortController();
  const running = retry.run(() => new Promise(() => {}), stop.signal);
  stop.abort(new Error("stopped"));
  await assertRejects(() => running, Error, "stopped");
});
