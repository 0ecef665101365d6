import { assert, assertEquals } from "@std/assert";
import fc from "../../support/tools/fast_check.ts";
import { SlidingCounts } from "../../../lib/page/sliding_counts.ts";

Deno.test("SlidingCounts.top() ranks by count, then by name", () => {
  const counts = new SlidingCounts(100);
  for (const name of ["b", "a", "c", "c", "d"]) counts.add(name, 1);
  assertEquals(counts.top(3), [
    { name: "c", count: 2 },
    { name: "a", count: 1 },
    { name: "b", count: 1 },
  ]);
});

Deno.test("SlidingCounts drops whole slots, for any order of edits", () => {
  const counts = new SlidingCounts(100);
  for (const [name, slot] of [["a", 2], ["a", 1], ["b", 2], ["a", 2]] as const) {
    counts.add(name, slot);
  }
  counts.dropBefore(2);
  assertEquals(counts.top(9), [{ name: "a", count: 2 }, { name: "b", count: 1 }]);
  counts.add("late", 1);
  counts.dropBefore(3);
  assertEquals(counts.top(9), []);
});

Deno.test("SlidingCounts drops the oldest slots at its limit", () => {
  const counts = new SlidingCounts(4);
  for (let slot = 0; slot < 10; slot++) {
    counts.add(`only ${slot}`, slot);
    counts.add("always", slot);
  }
  assertEquals(counts.first, 8);
  assertEquals(counts.top(1), [{ name: "always", count: 2 }]);
});

Deno.test("SlidingCounts equals a plain count of the window", () => {
  const name = fc.constantFrom<string>("a", "b", "c", "d", "e");
  const pairs = fc.array(fc.tuple(name, fc.integer({ min: 0, max: 9 })), { maxLength: 200 });
  fc.assert(fc.property(pairs, fc.integer({ min: 0, max: 9 }), (pairs, first) => {
    const counts = new SlidingCounts(1000);
    for (const [name, slot] of pairs) counts.add(name, slot);
    counts.dropBefore(first);
    const expected = Map.groupBy(pairs.filter(([, slot]) => slot >= first), ([name]) => name);
    const top = counts.top(10);
    assertEquals(top.length, expected.size);
    assert(top.every(({ name, count }) => expected.get(name)?.length === count));
    assert(top.every(({ count }, place) => place === 0 || count <= top[place - 1]!.count));
  }));
});
