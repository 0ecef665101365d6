import { assertEquals } from "@std/assert";
import { growthOf } from "../../soak/growth.ts";

/** Returns a value every 10 s for an hour. */
function hour(value: (index: number) => number) {
  return Array.from({ length: 361 }, (_, index) => ({ at: index * 10_000, value: value(index) }));
}

Deno.test("growthOf() measures a leak per hour", () => {
  const { start, end, max, perHour } = growthOf(hour((index) => 100 + index));
  assertEquals([start, end, max], [118, 442, 460]);
  assertEquals(Math.round(perHour), 360);
});

Deno.test("growthOf() ignores a temporary peak and a wave", () => {
  const { start, end, max } = growthOf(hour((index) => index === 360 ? 900 : 100 + index % 3));
  assertEquals([start, end, max], [101, 101, 900]);
});

Deno.test("growthOf() of one value has no slope", () => {
  assertEquals(growthOf([{ at: 5, value: 7 }]), { start: 7, end: 7, max: 7, perHour: 0 });
});
