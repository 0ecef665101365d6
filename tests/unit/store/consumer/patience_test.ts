import { assertEquals, assertRejects } from "@std/assert";
import { persist } from "../../../../lib/store/consumer/patience.ts";
import { Unavailable } from "../../../../lib/store/sink.ts";

/** Fails so many times, and notes what is told meanwhile. */
function flaky(failures: number) {
  const told: string[] = [];
  let tries = 0;
  return {
    told,
    work: () =>
      ++tries <= failures ? Promise.reject(new Unavailable("away")) : Promise.resolve(tries),
    options: (signal: AbortSignal) => ({
      signal,
      onAway: () => void told.push("away"),
      onBack: () => void told.push("back"),
    }),
  };
}

Deno.test("persist() tries again while the database is away", async () => {
  const { work, told, options } = flaky(2);
  assertEquals(await persist(work, options(new AbortController().signal)), 3);
  assertEquals(told, ["away", "away", "back"]);
});

Deno.test("persist() throws what does not pass", async () => {
  const { options } = flaky(0);
  const work = () => Promise.reject(new TypeError("a defect"));
  await assertRejects(
    () => persist(work, options(new AbortController().signal)),
    TypeError,
    "a defect",
  );
});

Deno.test("persist() does not begin when it is aborted before", async () => {
  let tries = 0;
  const work = () => Promise.resolve(++tries);
  const options = flaky(0).options(AbortSignal.abort(new Error("enough")));
  await assertRejects(() => persist(work, options), Error, "enough");
  assertEquals(tries, 0);
});

Deno.test("persist() ends when it is aborted, waiting or in a try", async () => {
  for (const work of [flaky(Infinity).work, () => new Promise<never>(() => {})]) {
    const abort = new AbortController();
    const { options } = flaky(0);
    const done = persist(work, options(abort.signal));
    abort.abort(new Error("enough"));
    await assertRejects(() => done, Error, "enough");
  }
});
