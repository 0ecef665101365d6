import { assert, assertEquals } from "@std/assert";
import { PartSize } from "../../../../lib/kafka/publish/part_size.ts";
import type { Batch } from "../../../../lib/kafka/publish/publisher.ts";

/** Returns a batch of records of 1,000 bytes, with a cut after every ten. */
function batchOf(count: number): Batch {
  const record = { topic: "t", key: null, value: "x".repeat(1000), timestamp: 0 };
  const cuts = Array.from({ length: Math.floor(count / 10) }, (_, index) => {
    const at = (index + 1) * 10;
    return { count: at, bytes: at * 1000, handled: at, position: at };
  });
  return { records: new Array(count).fill(record), cuts, handled: count, position: count };
}

Deno.test("PartSize.endOf() returns the largest first part within its size", () => {
  const size = new PartSize();
  assertEquals(size.endOf(batchOf(1000)).count, 260);
  assertEquals(size.endOf(batchOf(255)).count, 255, "the whole batch");
  assertEquals(size.endOf({ ...batchOf(1000), cuts: [] }).count, 1000, "no cut");
  assertEquals(size.endOf({ records: [], handled: 7, position: 7 }), {
    count: 0,
    bytes: 0,
    handled: 7,
    position: 7,
  });
});

Deno.test("PartSize doubles without delays, and shrinks to 2 s of a quota", () => {
  const size = new PartSize();
  size.unthrottled(250_000);
  assertEquals(size.bytes, 512 * 1024);
  size.unthrottled(10_000);
  assertEquals(size.bytes, 512 * 1024, "small parts prove nothing");
  for (let partition = 0; partition < 3; partition++) size.throttled(20_000, 400_000);
  assertEquals(size.bytes, 40_000, "2 s at 20 kB/s");
  size.throttled(1500, 40_000);
  assertEquals(size.bytes, 40_000, "a short delay is fine");
  size.throttled(3_600_000, 40_000);
  assertEquals(size.bytes, 16 * 1024, "never less");
  assert(size.endOf(batchOf(100)).count === 10, "at least the first part");
});
