import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { LICENCES, licences, licencesText } from "../../scripts/dev/licences.ts";

/** What these ask for is at the most that their text goes along. */
const FREE = new Set(["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"]);

Deno.test("docs/licences.md has the licences of all packages as they are", async () => {
  const text = licencesText(await licences());
  assert(await Deno.readTextFile(LICENCES) === text, "It does not: run 'deno task licences'");
});

Deno.test("licences() of the programs are free ones, and the tests' packages are apart", async () => {
  const { programs, tests } = await licences();
  const others = programs.filter(({ licence }) => !FREE.has(licence));
  // A font, which may not be sold by itself, and a gift to the public.
  assertEquals(
    others.map(({ name, licence }) => `${name}: ${licence}`),
    ["@fontsource-variable/inter: OFL-1.1", "postgres: Unlicense"],
  );
  const namesOf = (some: typeof programs) => some.map(({ name }) => name);
  assert(["kafkajs", "deno-std"].every((name) => namesOf(programs).includes(name)));
  assert(["puppeteer-core", "fast-check"].every((name) => namesOf(tests).includes(name)));
});

Deno.test("deno.lock has nothing that only the tests import", async () => {
  const { specifiers } = JSON.parse(await Deno.readTextFile("deno.lock"));
  const imported = new Set(Object.values(config.imports));
  assertEquals(
    Object.keys(specifiers).filter((specifier) => !imported.has(specifier)),
    ["npm:deno-std@1.4.0"], // which vendor/ imports
    "A plain 'deno test' or 'deno check' adds it: take deno.lock back, and use 'deno task test FILE'",
  );
});

Deno.test("the lock file of the tests has the packages of the programs' as they are there", async () => {
  const packagesIn = async (path: string): Promise<Record<string, unknown>> =>
    JSON.parse(await Deno.readTextFile(path)).npm;
  const inTests = await packagesIn("tests/deno.lock");
  for (const [id, locked] of Object.entries(await packagesIn("deno.lock"))) {
    assertEquals(inTests[id], locked, `${id}: run 'deno task lock'`);
  }
});
