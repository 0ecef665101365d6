import { assertEquals } from "@std/assert";
import { Recent } from "../../../lib/page/recent.ts";
import { pageEdit } from "../../support/page/edits.ts";

const times = (edits: readonly { time: number }[]) => edits.map(({ time }) => time);

Deno.test("Recent keeps the last edits, newest first", () => {
  const recent = new Recent(3, 10);
  for (const time of [1, 2, 9, 4]) recent.push(pageEdit({ time }));
  assertEquals(times(recent.list()), [4, 9, 2]);
});

Deno.test("Recent.insert() orders edits of the past by time", () => {
  const recent = new Recent(4, 10);
  for (const time of [10, 20, 30, 5, 15, 25, 35]) recent.insert(pageEdit({ time }));
  assertEquals(times(recent.list()), [35, 30, 25, 20]);
  assertEquals(recent.take(), []);
});

Deno.test("Recent.take() returns new edits, and only the newest of too many", () => {
  const recent = new Recent(100, 2);
  for (const time of [1, 2, 3, 4, 5]) recent.push(pageEdit({ time }));
  assertEquals(times(recent.take()), [5, 4]);
  assertEquals(recent.take(), []);
});
