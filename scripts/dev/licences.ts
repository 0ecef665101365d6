/**
 * Writes the licenses of all packages into docs/licenses.md, from what is installed.
 *
 *     deno task licences
 */
import { program, runMain } from "../../lib/cli/program.ts";
import { UserError } from "../../lib/shared/error.ts";
import { type Package, packagesOf } from "./packages.ts";

const pathOf = (file: string) => new URL(`../../${file}`, import.meta.url);

export const LICENSES = pathOf("docs/licenses.md");

export const main = program({
  usage: "deno task licences",
  summary: "Writes the licenses of all packages into docs/licenses.md. The quick gate checks them.",
  examples: [["deno task licences", "After a package has changed"]],
  groups: [],
  run: async () => Deno.writeTextFile(LICENSES, licensesText(await licenses())),
});

/** A package and its license. */
export interface Licensed {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** The packages of the programs and those that only the tests use, by name. */
export interface Licenses {
  readonly programs: readonly Licensed[];
  readonly tests: readonly Licensed[];
}

/**
 * Reads the licenses of all installed packages.
 *
 * @throws {UserError} if a package names no license.
 */
export async function licenses(): Promise<Licenses> {
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
  if (typeof license === "string") return { name, version, license: license };
  throw new UserError(`The package '${name}' has no license`, {
    hint: `Check '${localPath}' before you use it`,
  });
}

/** Formats the licenses as Markdown. */
export function licensesText({ programs, tests }: Licenses): string {
  const rows = programs.map(({ name, version, license }) =>
    `| ${name} | ${version} | ${license} |`
  );
  const byLicense = Object.entries(Object.groupBy(tests, ({ license }) => license)).toSorted()
    .map(([license, some = []]) => `| ${license} | ${namesOf(some).join(", ")} |`);
  return `<!-- deno-fmt-ignore-file -->
# Licenses

wikitap is under the MIT license. \`deno task licences\` lists the licenses of the installed packages.

| package | version | license |
| --- | --- | --- |
${rows.join("\n")}

Packages that only the tests use:

| license | packages |
| --- | --- |
${byLicense.join("\n")}

Programs that are downloaded on demand and are not part of wikitap: Apache Kafka and Apicurio Registry
(Apache-2.0), with Maven, and PostgreSQL (PostgreSQL License), for the tests.
`;
}

/** Returns each name once, even if several versions are installed. */
function namesOf(packages: readonly Licensed[]): string[] {
  return [...new Set(packages.map(({ name }) => name))];
}

if (import.meta.main) await runMain(main);
