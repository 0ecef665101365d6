import { assertEquals } from "@std/assert";
import fc from "../../../support/tools/fast_check.ts";
import { mergeNewest, type PlacedRecord } from "../../../../lib/kafka/consume/newest.ts";

/** Returns records of a partition, ordered by offset. */
const records = (partition: number, ...timestamps: number[]): PlacedRecord[] =>
  timestamps.map((timestamp, offset) => ({
    topic: "t",
    partition,
    record: {
      key: null,
      value: null,
      timestamp: String(timestamp),
      offset: String(offset),
    },
  }));

const texts = (list: readonly PlacedRecord[]) =>
  list.map(({ partition, record }) => `${partition}:${record.timestamp}`);

Deno.test("mergeNewest() returns the newest records of both, by time", () => {
  assertEquals(
    texts(mergeNewest(records(0, 1, 4, 5), records(1, 2, 3, 6), 4)),
    ["1:3", "0:4", "0:5", "1:6"],
  );
  assertEquals(texts(mergeNewest(records(0, 1), [], 4)), ["0:1"]);
  assertEquals(texts(mergeNewest(records(0, 1), records(1, 1), 1)), ["1:1"]);
});

Deno.test("mergeNewest() keeps the end of a partition whose times go back", () => {
  assertEquals(
    texts(mergeNewest(records(0, 9, 1), records(1, 2, 3), 3)),
    ["0:1", "1:2", "1:3"],
  );
});

Deno.test("mergeNewest() applied in turn returns the ends of all partitions", () => {
  const lists = fc.array(fc.array(fc.integer({ min: 0, max: 20 })), { maxLength: 5 });
  fc.assert(fc.property(lists, fc.integer({ min: 1, max: 12 }), (lists, count) => {
    const all = lists.map((times, partition) => records(partition, ...times));
    const merged = all.reduce<readonly PlacedRecord[]>(
      (newest, list) => mergeNewest(newest, list.slice(-count), count),
      [],
    );
    assertEquals(merged.length, Math.min(count, all.flat().length));
    for (const [partition, list] of all.entries()) {
      const taken = merged.filter((one) => one.partition === partition);
      assertEquals(taken, list.slice(list.length - taken.length));
    }
  }));
});
