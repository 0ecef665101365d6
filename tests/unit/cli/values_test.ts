import { assertEquals, assertThrows } from "@std/assert";
import { duration, pastTime, time, waitingTime } from "../../../lib/cli/values.ts";

const NOW = Date.UTC(2026, 0, 2);

Deno.test("time() reads ISO dates, epoch milliseconds and ages", () => {
  assertEquals(time("2026-01-01", NOW), Date.UTC(2026, 0, 1));
  assertEquals(time("2026-01-01T10:00", NOW), Date.UTC(2026, 0, 1, 10));
  assertEquals(time("2026-01-01 10:00:01.5", NOW), Date.UTC(2026, 0, 1, 10, 0, 1, 500));
  assertEquals(time("2026-01-01T10:00+02:00", NOW), Date.UTC(2026, 0, 1, 8));
  assertEquals(time("1767225600000", NOW), Date.UTC(2026, 0, 1));
  assertEquals(time("2h", NOW), NOW - 7_200_000);
  assertEquals(time("2027-01-01", NOW), Date.UTC(2027, 0, 1));
});

Deno.test("time() throws for anything else", () => {
  for (const text of ["", "2h ago", "-2h", "yesterday", "2026-13-01", "2026-01-01T25:00", "12"]) {
    assertThrows(() => time(text, NOW), Error, "expected an ISO date");
  }
  assertThrows(() => time("9999999999999999", NOW), Error, "expected an ISO date");
  assertThrows(() => time("1969-12-31", NOW), Error, "expected a time in 1970 or later");
  assertThrows(() => time("90000d", NOW), Error, "expected a time in 1970 or later");
});

Deno.test("pastTime() rejects the future", () => {
  assertEquals(pastTime("2026-01-02", NOW), NOW);
  assertThrows(() => pastTime("2026-01-03", NOW), Error, "expected a time in the past");
});

Deno.test("waitingTime() rejects what a timer cannot wait for", () => {
  const read = waitingTime(duration);
  assertEquals([read("0"), read("24d")], [0, 24 * 86_400_000]);
  assertThrows(() => read("25d"), Error, "at most 24d");
});

Deno.test("duration() reads numbers with a unit, and 0", () => {
  const texts = ["0", "500ms", "2s", "1.5m", "1h", "7d"];
  assertEquals(texts.map(duration), [0, 500, 2000, 90_000, 3_600_000, 604_800_000]);
  for (const text of ["", "5", "-1s", "1 s", "1w", "999999999999d"]) {
    assertThrows(() => duration(text), Error, "expected a duration");
  }
});
