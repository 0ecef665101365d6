import { assert } from "@std/assert";
import { manualOf, withManual } from "../../lib/cli/manual.ts";
import { programs } from "../../scripts/options.ts";

Deno.test("README.md has the options of all programs as they are", async () => {
  const text = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  const manual = manualOf(await programs());
  assert(withManual(text, manual) === text, "It does not: run 'deno task options'");
});
