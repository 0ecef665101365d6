import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { LICENSES, licenses, licensesText } from "../../scripts/dev/licences.ts";

/** Licenses that require at most that their text is included. */
const FREE = new Set(["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"]);

/** The packages that vendor/ imports, if deno.json links to it. */
const VENDORED: readonly (readonly [name: string, version: string])[] = "links" in config
  ? [["deno-std", "1.4.0"]]
  : [];

Deno.test("docs/licenses.md has the licenses of all packages", async () => {
  const text = licensesText(await licenses());
  assert(await Deno.readTextFile(LICENSES) === text, "It does not: run 'deno task licences'");
});

Deno.test("licenses() of the programs' packages are permissive", async () => {
  const { programs, tests } = await licenses();
  const others = programs.filter(({ license }) => !FREE.has(license));
  // A font, which may not be sold separately, and a dedication to the public domain.
  assertEquals(
    others.map(({ name, license }) => `${name}: ${license}`),
    ["@fontsource-variable/inter: OFL-1.1", "postgres: Unlicense"],
  );
  const namesOf = (some: typeof programs) => some.map(({ name }) => name);
  assert(
    ["kafkajs", ...VENDORED.map(([name]) => name)].every((name) =>
      namesOf(programs).includes(name)
    ),
  );
  assert(["puppeteer-core", "fast-check"].every((name) => namesOf(tests).includes(name)));
});

Deno.test("deno.lock has no package that only the tests import", async () => {
  const { specifiers } = JSON.parse(await Deno.readTextFile("deno.lock"));
  const imported = new Set(Object.values(config.imports));
  assertEquals(
    Object.keys(specifiers).filter((specifier) => !imported.has(specifier)),
    VENDORED.map(([name, version]) => `npm:${name}@${version}`),
    "A plain 'deno test' or 'deno check' adds it: restore deno.lock and use 'deno task test FILE'",
  );
});

Deno.test("tests/deno.lock agrees with deno.lock on the programs' packages", async () => {
  const packagesIn = async (path: string): Promise<Record<string, unknown>> =>
    JSON.parse(await Deno.readTextFile(path)).npm;
  const inTests = await packagesIn("tests/deno.lock");
  for (const [id, locked] of Object.entries(await packagesIn("deno.lock"))) {
    assertEquals(inTests[id], locked, `${id}: run 'deno task lock'`);
  }
});
