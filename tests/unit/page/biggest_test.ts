import { assertEquals } from "@std/assert";
import { Biggest } from "../../../lib/page/biggest.ts";
import { pageEdit } from "../../support/page/edits.ts";

Deno.test("Biggest ranks by bytes added or taken, and forgets slots", () => {
  const biggest = new Biggest(3);
  for (const [delta, slot] of [[5, 1], [-900, 1], [70, 2], [-20, 2], [40, 2], [60, 2]] as const) {
    biggest.add(pageEdit({ delta }), slot);
  }
  assertEquals(biggest.top().map(({ delta }) => delta), [-900, 70, 60]);
  biggest.dropBefore(2);
  assertEquals(biggest.top().map(({ delta }) => delta), [70, 60, 40]);
});

Deno.test("Biggest leaves out edits without lengths, and those that change none", () => {
  const biggest = new Biggest(3);
  biggest.add(pageEdit({ delta: null }), 1);
  biggest.add(pageEdit({ delta: 0 }), 1);
  assertEquals(biggest.top(), []);
});
