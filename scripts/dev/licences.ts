/**
 * Writes the licences of all packages into docs/licences.md, from what is installed.
 *
 *     deno task licences
 */
import { program, runMain } from "../../lib/cli/program.ts";
import { UserError } from "../../lib/shared/error.ts";
import { type Package, packagesOf } from "./packages.ts";

const pathOf = (file: string) => new URL(`../../${file}`, import.meta.url);

export const LICENCES = pathOf("docs/licences.md");

export const main = program({
  usage: "deno task licences",
  summary: "Writes the licences of all packages into docs/licences.md. The quick gate checks them.",
  examples: [["deno task licences", "After a change of a package"]],
  groups: [],
  run: async () => Deno.writeTextFile(LICENCES, licencesText(await licences())),
});

/** A package and the licence that it names. */
export interface Licensed {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
}

/** The packages that the programs need, and those that only the tests do, by name. */
export interface Licences {
  readonly programs: readonly Licensed[];
  readonly tests: readonly Licensed[];
}

/** @throws {UserError} for a package that names no licence. */
export async function licences(): Promise<Licences> {
  const programs = await packagesOf("main.ts");
  const all = await packagesOf("main.ts", "tests/deno.lock");
  const ofPrograms = new Set(programs.map(({ localPath }) => localPath));
  return {
    programs: await Promise.all(byName(programs).map(licensed)),
    tests: await Promise.all(
      byName(all.filter(({ localPath }) => !ofPrograms.has(localPath))).map(licensed),
    ),
  };
}

const byName = (packages: readonly Package[]) =>
  packages.toSorted((a, b) => a.localPath < b.localPath ? -1 : 1);

async function licensed({ name, version, localPath }: Package): Promise<Licensed> {
  const { license } = JSON.parse(await Deno.readTextFile(`${localPath}/package.json`));
  if (typeof license === "string") return { name, version, licence: license };
  throw new UserError(`The package '${name}' names no licence`, {
    hint: `See '${localPath}' before it is used`,
  });
}

/** The licences as Markdown. */
export function licencesText({ programs, tests }: Licences): string {
  const rows = programs.map(({ name, version, licence }) =>
    `| ${name} | ${version} | ${licence} |`
  );
  const byLicence = Object.entries(Object.groupBy(tests, ({ licence }) => licence)).toSorted()
    .map(([licence, some = []]) => `| ${licence} | ${namesOf(some).join(", ")} |`);
  return `<!-- deno-fmt-ignore-file -->
# Licences

wikitap's own is MIT. These are of the packages that it is made of, written by \`deno task licences\`
from what is installed.

| package | version | licence |
| --- | --- | --- |
${rows.join("\n")}

Only the tests need these:

| licence | packages |
| --- | --- |
${byLicence.join("\n")}

Fetched by who asks for them, and no part of this: Apache Kafka and Apicurio Registry (Apache-2.0), by
Maven; PostgreSQL (its own), for tests.
`;
}

/** Each once, however many versions there are. */
function namesOf(packages: readonly Licensed[]): string[] {
  return [...new Set(packages.map(({ name }) => name))];
}

if (import.meta.main) await runMain(main);
