import { assertEquals, assertRejects } from "@std/assert";
import { lockFile } from "../../../../lib/local/process/lock.ts";

Deno.test("lockFile() lets in one holder after the other", async () => {
  const path = await Deno.makeTempFile();
  const order: string[] = [];
  const first = await lockFile(path);
  const second = lockFile(path, {
    onWait: () => {
      order.push("second waits");
      first[Symbol.dispose]();
    },
  });
  using _held = await second;
  assertEquals(order, ["second waits"]);
  await Deno.remove(path);
});

Deno.test("lockFile() throws the signal's reason while it waits", async () => {
  const path = await Deno.makeTempFile();
  using _held = await lockFile(path);
  const stop = new AbortController();
  await assertRejects(
    () => lockFile(path, { signal: stop.signal, onWait: () => stop.abort(new Error("enough")) }),
    Error,
    "enough",
  );
  await Deno.remove(path);
});
