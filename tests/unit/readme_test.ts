import { assert } from "@std/assert";
import { manualOf, withManual } from "../../lib/cli/options_page.ts";
import { programs } from "../../scripts/dev/options.ts";

Deno.test("README.md has the options of all programs as they are", async () => {
  const text = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  const manual = manualOf(await programs());
  assert(withManual(text, manual) === text, "It does not: run 'deno task options'");
});

for (const file of ["README.md", "DESIGN.md", "CHANGELOG.md"]) {
  Deno.test(`${file}'s links lead to files and headings that are there`, async () => {
    const text = await Deno.readTextFile(new URL(`../../${file}`, import.meta.url));
    const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      `#${heading!.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")}`
    );
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target!)) continue;
      if (target!.startsWith("#")) assert(anchors.includes(target!), target);
      else await Deno.stat(new URL(`../../${target}`, import.meta.url));
    }
  });
}
