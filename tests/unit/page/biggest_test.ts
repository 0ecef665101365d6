import { assertEquals } from "@std/assert";
import { Biggest } from "../../../lib/page/biggest.ts";
import { pageEdit } from "../../support/page/edits.ts";

Deno.test("Biggest ranks by bytes added or removed, and drops slots", () => {
  const biggest = new Biggest(3);
  for (const [delta, slot] of [[5, 1], [-900, 1], [70, 2], [-20, 2], [40, 2], [60, 2]] as const) {
    biggest.add(pageEdit({ delta }), slot);
  }
  assertEquals(biggest.top().map(({ delta }) => delta), [-900, 70, 60]);
  biggest.dropBefore(2);
  assertEquals(biggest.top().map(({ delta }) => delta), [70, 60, 40]);
});

Deno.test("Biggest omits edits without a change of length", () => {
  const biggest = new Biggest(3);
  biggest.add(pageEdit({ delta: null }), 1);
  biggest.add(pageEdit({ delta: 0 }), 1);
  assertEquals(biggest.top(), []);
});
