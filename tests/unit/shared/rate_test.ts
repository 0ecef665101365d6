import { assertEquals } from "@std/assert";
import { Rate } from "../../../lib/shared/rate.ts";

Deno.test("Rate returns the growth over its span, or since the last call", () => {
  const rate = new Rate(5000);
  assertEquals(rate.next(10, 0), 0);
  assertEquals([rate.next(20, 1000), rate.next(20, 2000)], [10, 5]);
  for (let at = 3000; at <= 10_000; at += 1000) rate.next(20, at);
  assertEquals(rate.next(20, 11_000), 0);
  assertEquals(rate.next(620, 71_000), 10);
  assertEquals(rate.next(620, 71_000), 10);
});

Deno.test("Rate keeps only the samples of its span", () => {
  const rate = new Rate(100);
  for (let at = 0; at < 10_000; at++) rate.next(2 * at, at);
  assertEquals(rate.next(20_000, 10_000), 2000);
});
