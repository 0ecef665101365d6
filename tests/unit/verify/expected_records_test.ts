import { assertEquals } from "@std/assert";
import { ExpectedRecords, Match, NO_KEY } from "../../../lib/verify/expected_records.ts";

/** Returns the hash of a number, distributed over both halves. */
function hashOf(number: number) {
  return { high: Math.imul(number, 0x9e3779b1) >>> 0, low: Math.imul(number, 0x85ebca6b) >>> 0 };
}

Deno.test("ExpectedRecords finds each of 100,000 records once", () => {
  const expected = new ExpectedRecords(0);
  for (let i = 0; i < 100_000; i++) expected.add(hashOf(i), { key: i, log: 0, time: i });
  assertEquals(expected.missing, 100_000);
  for (let i = 99_999; i >= 0; i--) assertEquals(expected.find(hashOf(i), i), i);
  assertEquals(expected.missing, 0);
  assertEquals(expected.find(hashOf(5), 5), Match.repeated);
  assertEquals(expected.find(hashOf(100_000), 5), Match.none);
});

Deno.test("ExpectedRecords distinguishes hashes that share one half", () => {
  const expected = new ExpectedRecords(0);
  const facts = { key: 1, log: 0, time: 0 };
  expected.add({ high: 1, low: 1 }, facts);
  expected.add({ high: 2, low: 1 }, facts);
  assertEquals(expected.find({ high: 1, low: 2 }, 0), Match.none);
  assertEquals(expected.find({ high: 2, low: 1 }, 0), 1);
  assertEquals(expected.find({ high: 1, low: 1 }, 0), 0);
});

Deno.test("ExpectedRecords prefers the equal record with the time, then the first", () => {
  const expected = new ExpectedRecords(1000);
  for (const time of [1000, 1001, 1002]) expected.add(hashOf(1), { key: 1, log: 0, time });
  assertEquals(expected.find(hashOf(1), 1002), 2);
  assertEquals(expected.find(hashOf(1), 9999), 0);
  assertEquals([expected.isAt(0, 1000), expected.isAt(0, 1001)], [true, false]);
  assertEquals(expected.find(hashOf(1), undefined), 1);
  assertEquals(expected.find(hashOf(1), 1000), Match.repeated);
});

Deno.test("ExpectedRecords keeps the order of equal records when it grows", () => {
  const expected = new ExpectedRecords(0);
  for (let i = 0; i < 5000; i++) expected.add(hashOf(i % 2500), { key: i, log: 0, time: 0 });
  for (let i = 0; i < 2500; i++) assertEquals(expected.find(hashOf(i), 0), i);
  for (let i = 0; i < 2500; i++) assertEquals(expected.find(hashOf(i), 0), i + 2500);
});

Deno.test("ExpectedRecords.isLate() compares only records of one key and log", () => {
  const expected = new ExpectedRecords(0);
  const keys = [7, 7, 8, 7, NO_KEY, NO_KEY, 7];
  for (const [i, key] of keys.entries()) {
    expected.add(hashOf(i), { key, log: i === 6 ? 1 : 0, time: 0 });
  }
  const order = [6, 3, 1, 2, 0, 5, 4];
  assertEquals(order.filter((entry) => expected.isLate(entry)), [1, 0]);
  expected.beginTopic();
  assertEquals(expected.isLate(1), false);
});

Deno.test("ExpectedRecords.removeFrom() removes records from a time on", () => {
  const expected = new ExpectedRecords(0);
  for (const time of [1, 5, 2, 6]) expected.add(hashOf(time), { key: 1, log: 0, time });
  expected.removeFrom(5);
  assertEquals([expected.size, expected.missing], [2, 2]);
  assertEquals(expected.find(hashOf(2), 2), 2);
  assertEquals([expected.size, expected.missing], [2, 1]);
});
