import { assertEquals } from "@std/assert";
import { namespaceName } from "../../../../lib/edits/event/namespaces.ts";

Deno.test("namespaceName() returns the names of known namespaces", () => {
  assertEquals([-2, -1, 0, 3, 828, 2303].map(namespaceName), [
    "Media",
    "Special",
    "main namespace",
    "User Talk",
    "Module",
    "Gadget definition Talk",
  ]);
  assertEquals([104, 2600, -3, 0.5, NaN].map(namespaceName), Array(5).fill("unknown"));
});
