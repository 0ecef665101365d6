import { assertEquals, assertRejects } from "@std/assert";
import { retry, type RetryPolicy, untilTrue, waitAfter } from "../../../lib/shared/retry.ts";

/** Returns a policy in virtual time, with its waits. */
function virtual(policy: Partial<RetryPolicy>): { policy: RetryPolicy; waits: number[] } {
  const waits: number[] = [];
  let now = 0;
  const sleep = (ms: number) => {
    waits.push(ms);
    now += ms;
    return Promise.resolve();
  };
  return { policy: { firstWaitMs: 100, now: () => now, sleep, ...policy }, waits };
}

/** Returns work that fails `failures` times, each time with the number of the attempt. */
function failing(failures: number): () => Promise<number> {
  let attempts = 0;
  return () => {
    attempts++;
    return attempts > failures
      ? Promise.resolve(attempts)
      : Promise.reject(new Error(`attempt ${attempts}`));
  };
}

Deno.test("retry() doubles the wait each time, up to the longest wait", async () => {
  const { policy, waits } = virtual({ maxWaitMs: 500 });
  assertEquals(await retry(failing(5), () => true, policy), 6);
  assertEquals(waits, [100, 200, 400, 500, 500]);
  assertEquals(waitAfter(10_000, policy), 500);
});

Deno.test("retry() throws the last failure at its limit", async () => {
  const { policy, waits } = virtual({ limitMs: 250 });
  await assertRejects(() => retry(failing(9), () => true, policy), Error, "attempt 3");
  assertEquals(waits, [100, 100]);
});

Deno.test("retry() ends in time even if the clock steps back", async () => {
  const { policy: { sleep }, waits } = virtual({});
  const real = { date: Date.now, monotonic: performance.now };
  performance.now = () => waits.reduce((sum, wait) => sum + wait, 0);
  Date.now = () => -waits.length * 3_600_000;
  try {
    const policy = { firstWaitMs: 100, limitMs: 250, sleep: sleep! };
    await assertRejects(() => retry(failing(9), () => true, policy), Error, "attempt 3");
  } finally {
    Date.now = real.date;
    performance.now = real.monotonic;
  }
});

Deno.test("retry() throws a failure that is not transient at once", async () => {
  const { policy, waits } = virtual({});
  const isTransient = (error: unknown) => (error as Error).message !== "attempt 2";
  await assertRejects(() => retry(failing(9), isTransient, policy), Error, "attempt 2");
  assertEquals(waits, [100]);
});

Deno.test("retry() ends with the last failure when its signal is aborted", async () => {
  const stop = new AbortController();
  const sleep = () => Promise.resolve(stop.abort());
  const { policy } = virtual({ signal: stop.signal, sleep });
  await assertRejects(() => retry(failing(9), () => true, policy), Error, "attempt 1");
});

Deno.test("untilTrue() returns whether the check became true in time", async () => {
  const holdsAt = (attempt: number) => {
    let attempts = 0;
    return () => Promise.resolve(++attempts === attempt);
  };
  assertEquals(await untilTrue(holdsAt(3), virtual({ limitMs: 200 }).policy), true);
  assertEquals(await untilTrue(holdsAt(4), virtual({ limitMs: 200 }).policy), false);
  const broken = () => Promise.reject(new Error("no connection"));
  await assertRejects(() => untilTrue(broken, virtual({}).policy), Error, "no connection");
});
