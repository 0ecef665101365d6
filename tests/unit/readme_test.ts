import { assert, assertEquals } from "@std/assert";
import { anchorOf, optionTables, withTables } from "../../scripts/dev/options_page.ts";
import { OPTIONS_PAGE, programs } from "../../scripts/dev/options.ts";
import { PAGES, ROOT } from "../support/tools/readme.ts";

Deno.test("docs/options.md has the options of all programs", async () => {
  const text = await Deno.readTextFile(OPTIONS_PAGE);
  const tables = optionTables(await programs());
  assert(withTables(text, tables) === text, "It does not: run 'deno task options'");
});

Deno.test("README.md has at most 260 lines", async () => {
  const lines = (await Deno.readTextFile(new URL("README.md", ROOT))).split("\n").length - 1;
  assert(lines <= 260, `${lines} lines`);
});

Deno.test("pages, scripts, workflows and images use one version of Deno", async () => {
  const others = [".ci/run", "ops/Containerfile"];
  const workflows = ["ci", "release"].map((name) => `.github/workflows/${name}.yml`);
  const versions = await Promise.all([...PAGES, ...others, ...workflows].map(async (file) => {
    const text = await Deno.readTextFile(new URL(file, ROOT));
    return [...text.matchAll(/\bdeno(?:@|:(?:distroless-)?)(\d[\d.]*\d)/g)].map(([, one]) => one);
  }));
  assertEquals([...new Set(versions.flat())], [Deno.version.deno]);
});

for (const page of PAGES) {
  Deno.test(`${page} links to files and headings that exist`, async () => {
    const at = new URL(page, ROOT);
    for (const [, target] of (await Deno.readTextFile(at)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target!)) continue;
      const [file, heading] = target!.split("#");
      const url = new URL(file!, at);
      const text = await Deno.stat(url).then(({ isFile }) => isFile ? Deno.readTextFile(url) : "");
      if (heading !== undefined) assert(anchorsOf(text).includes(`#${heading}`), target);
    }
  });
}

/** Returns the links to the headings of a page. Lines of code blocks are not headings. */
function anchorsOf(markdown: string): string[] {
  const text = markdown.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, "");
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));
}
