import { assertEquals } from "@std/assert";
import { Deadline } from "../../../../lib/upstream/connection/deadline.ts";
import { sleep } from "../../../../lib/shared/sleep.ts";
import { inVirtualTime } from "../../../support/tools/virtual_time.ts";

/** Records expirations, with the time in ms. */
function start(): { deadline: Deadline<string>; expired: [reason: string, ms: number][] } {
  const expired: [string, number][] = [];
  const begun = performance.now();
  const deadline = new Deadline<string>((reason) =>
    expired.push([reason, performance.now() - begun])
  );
  return { deadline, expired };
}

Deno.test(
  "Deadline expires at the time that was set last",
  inVirtualTime(async () => {
    const { deadline, expired } = start();
    deadline.set(20, "first");
    deadline.set(80, "later");
    await sleep(1000);
    deadline.set(60_000, "first");
    deadline.set(20, "sooner");
    await sleep(100_000);
    assertEquals(expired, [["later", 80], ["sooner", 1020]]);
  }),
);

Deno.test(
  "Deadline can be set again after it expired",
  inVirtualTime(async () => {
    const { deadline, expired } = start();
    deadline.set(5, "a");
    await sleep(5);
    deadline.set(5, "b");
    await sleep(5);
    assertEquals(expired, [["a", 5], ["b", 10]]);
  }),
);

Deno.test(
  "Deadline does not expire after it was cleared",
  inVirtualTime(async () => {
    const { deadline, expired } = start();
    deadline.set(0, "never");
    deadline.clear();
    await sleep(1000);
    assertEquals(expired, []);
  }),
);
