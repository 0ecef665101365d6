/**
 * Writes the licences of all packages into docs/licences.md, from what is installed.
 *
 *     deno task licences
 */
import { program, runMain } from "../lib/cli/program.ts";
import { UserError } from "../lib/error.ts";
import { graphOf, type Package, type Packages, withDependencies } from "../lib/packages.ts";

const pathOf = (file: string) => new URL(`../${file}`, import.meta.url);

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

/** The lock file, as far as it is needed here. */
interface Lock {
  readonly specifiers: Readonly<Record<string, string>>;
  readonly workspace: {
    readonly dependencies: readonly string[];
    readonly members: { readonly tests: { readonly dependencies: readonly string[] } };
  };
}

/** @throws {UserError} for a package that names no licence. */
export async function licences(): Promise<Licences> {
  const lock: Lock = JSON.parse(await Deno.readTextFile(pathOf("deno.lock")));
  const { npmPackages: packages } = await graphOf("main.ts");
  const { dependencies, members } = lock.workspace;
  const ofPrograms = idsOf(lock, packages, dependencies);
  const ofTests = idsOf(lock, packages, members.tests.dependencies).difference(ofPrograms);
  // With what is in no deno.json, as vendor/ imports it.
  const others = new Set(Object.keys(packages)).difference(ofTests);
  const named = (ids: Set<string>) =>
    Promise.all([...ids].toSorted().map((id) => licensed(packages[id]!)));
  return { programs: await named(others), tests: await named(ofTests) };
}

/** @param specifiers As in deno.json: `npm:zod@4.6.7`; others than npm's are passed over. */
function idsOf(lock: Lock, packages: Packages, specifiers: readonly string[]): Set<string> {
  const ids = specifiers.flatMap((specifier) => {
    const [, name] = /^npm:(.+)@/.exec(specifier) ?? [];
    return name === undefined ? [] : [`${name}@${lock.specifiers[specifier]}`];
  });
  return withDependencies(packages, ids);
}

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
