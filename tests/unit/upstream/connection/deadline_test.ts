import { assert, assertEquals } from "@std/assert";
import { Deadline } from "../../../../lib/upstream/connection/deadline.ts";

/** What came over, and after how many ms. */
function start(): { deadline: Deadline<string>; over: Promise<[reason: string, ms: number]> } {
  const { promise, resolve } = Promise.withResolvers<[string, number]>();
  const begun = performance.now();
  return {
    deadline: new Deadline((reason) => resolve([reason, performance.now() - begun])),
    over: promise,
  };
}

Deno.test("Deadline is over at the time that was set last, also where that is later", async () => {
  const { deadline, over } = start();
  deadline.set(20, "first");
  deadline.set(80, "last");
  const [reason, ms] = await over;
  assertEquals(reason, "last");
  assert(ms >= 78, `${ms} ms`);
});

Deno.test("Deadline is over at the time that was set last, also where that is sooner", async () => {
  const { deadline, over } = start();
  deadline.set(60_000, "first");
  deadline.set(20, "last");
  const [reason, ms] = await over;
  assertEquals(reason, "last");
  assert(ms < 30_000, `${ms} ms`);
});

Deno.test("Deadline may be set once more when it was over", async () => {
  const reasons: string[] = [];
  const next = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const deadline = new Deadline<string>((reason) => next[reasons.push(reason) - 1]!.resolve());
  for (const [i, { promise }] of next.entries()) {
    deadline.set(5, `${i}`);
    await promise;
  }
  assertEquals(reasons, ["0", "1"]);
});

// The test's sanitizer finds a timer that is left.
Deno.test("Deadline that was cleared is never over", () => {
  const deadline = new Deadline(() => assert(false));
  deadline.set(0, "never");
  deadline.clear();
});
