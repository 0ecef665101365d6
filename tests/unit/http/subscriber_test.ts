import { assert, assertEquals } from "@std/assert";
import { Subscriber } from "../../../lib/http/subscriber.ts";

const encoder = new TextEncoder();
const frame = (name: string, size: number) => encoder.encode(name.padEnd(size));

Deno.test("Subscriber sends a slow reader a snapshot, and holds little", async () => {
  let snapshots = 0;
  const subscriber = new Subscriber(() => frame(`snapshot ${++snapshots}`, 1000), () => {});
  for (let n = 0; n < 10_000; n++) subscriber.send(frame(`frame ${n}`, 1000), 0);
  const reader = subscriber.body.getReader();
  const texts: string[] = [];
  while (texts.at(-1) !== "snapshot 2") {
    const { value } = await reader.read();
    texts.push(new TextDecoder().decode(value).trim());
  }
  assertEquals(texts.slice(0, 3), ["snapshot 1", "frame 0", "frame 1"]);
  assert(texts.length < 70, `${texts.length} messages were held`);
  subscriber.send(frame("live again", 10), 0);
  assertEquals(new TextDecoder().decode((await reader.read()).value).trim(), "live again");
  subscriber.close();
  assertEquals((await reader.read()).done, true);
});

Deno.test("Subscriber is stalled after it missed frames for 30 s", () => {
  const subscriber = new Subscriber(() => frame("snapshot", 100_000), () => {});
  assertEquals(subscriber.isStalled(1_000_000), false);
  subscriber.send(frame("missed", 1), 1000);
  subscriber.send(frame("missed", 1), 20_000);
  assertEquals([31_000, 31_001].map((now) => subscriber.isStalled(now)), [false, true]);
});

Deno.test("Subscriber reports that its reader is gone", async () => {
  let isGone = false;
  const subscriber = new Subscriber(() => frame("snapshot", 1), () => isGone = true);
  await subscriber.body.cancel();
  assertEquals(isGone, true);
});
