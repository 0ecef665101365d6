import { assertEquals } from "@std/assert";
import { TimeMap } from "../../../../lib/kafka/consume/direct/time_map.ts";

/** Returns a map of one partition, whose record at each offset has these times. */
function mapOf(times: readonly (readonly number[])[], segmentRecords = 2): TimeMap {
  const map = new TimeMap(segmentRecords);
  for (const [offset, some] of times.entries()) map.note(0, offset, some);
  return map;
}

const IN_ORDER = Array.from({ length: 10 }, (_, i) => [i * 10]);
const UNKNOWN = { first: 10, end: Infinity };

Deno.test("TimeMap.find() returns the segments of a span, and unknown ones", () => {
  const map = mapOf(IN_ORDER);
  assertEquals(map.find(0, 20, 40), [{ first: 2, end: 4 }, UNKNOWN]);
  assertEquals(map.find(0, 30, 41), [{ first: 2, end: 6 }, UNKNOWN]);
  assertEquals(map.find(0, 91, 1000), [UNKNOWN]);
  assertEquals(map.find(0, 80, 1000), [{ first: 8, end: Infinity }]);
  assertEquals(map.find(1, 0, 1000), [{ first: 0, end: Infinity }]);
});

Deno.test("TimeMap.find() returns a separate segment for a late record", () => {
  const map = mapOf(IN_ORDER.with(7, [25]));
  assertEquals(map.find(0, 20, 30), [{ first: 2, end: 4 }, { first: 6, end: 8 }, UNKNOWN]);
});

Deno.test("TimeMap.note() accepts several times, no time, and repetitions", () => {
  const map = mapOf([[10, 500], [], [20]], 1);
  assertEquals(map.find(0, 500, 501), [{ first: 0, end: 1 }, { first: 3, end: Infinity }]);
  map.note(0, 1, [30]);
  assertEquals(map.find(0, 30, 31), [{ first: 0, end: 1 }, { first: 3, end: Infinity }]);
});

Deno.test("TimeMap.note() counts records, whose offsets may have gaps", () => {
  const map = new TimeMap(2);
  for (const offset of [5, 100, 101, 300]) map.note(0, offset, [offset]);
  assertEquals(map.find(0, 101, 102), [{ first: 101, end: Infinity }]);
  assertEquals(map.find(0, 5, 6), [{ first: 5, end: 101 }, { first: 301, end: Infinity }]);
});
