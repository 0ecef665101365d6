import { assertEquals } from "@std/assert";
import { needing } from "../../support/tools/skip.ts";

Deno.test("needing() names what is missing, and otherwise changes nothing", () => {
  assertEquals(needing("no kcat", { name: "a" }), { name: "a (skipped: no kcat)", ignore: true });
  assertEquals(needing(undefined, { name: "a" }), { name: "a", ignore: false });
});
