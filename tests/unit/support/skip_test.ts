import { assertEquals } from "@std/assert";
import { needing } from "../../support/tools/skip.ts";

Deno.test("needing() names what is missing, and changes nothing if nothing is", () => {
  assertEquals(needing("no kcat", { name: "a" }), { name: "a (skipped: no kcat)", ignore: true });
  assertEquals(needing(undefined, { name: "a" }), { name: "a", ignore: false });
});
