/** What DESIGN.md says of the house, held against the imports. */
import { assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

const read = (file: string) => Deno.readTextFileSync(new URL(file, ROOT));

/** By file of `lib`, what it imports: files, from the top of the project, and packages. */
const imports = new Map<string, readonly string[]>();
for (const file of files("lib/")) {
  const found = read(file).matchAll(
    /^(?:import|export)\b[^;]*?\bfrom "([^"]+)"|^import "([^"]+)"/gm,
  );
  imports.set(file, [...found].map(([, from, bare]) => resolved(file, from ?? bare!)));
}

function* files(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, ROOT))) {
    if (isDirectory) yield* files(`${folder}${name}/`);
    else if (name.endsWith(".ts")) yield `${folder}${name}`;
  }
}

function resolved(file: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier;
  return new URL(specifier, new URL(file, ROOT)).href.slice(ROOT.href.length);
}

/** The folder of `lib` that a file is in; files that are in none, and others, are no folder's. */
const folderOf = (file: string) => /^lib\/[^/]+\//.exec(file)?.[0];

/** By folder of `lib`, those that it imports from. */
const arrows = new Map<string, Set<string>>();
for (const [file, from] of imports) {
  const folder = folderOf(file);
  if (folder === undefined) continue;
  const known = arrows.get(folder) ?? new Set();
  arrows.set(folder, known);
  for (const one of from.map(folderOf)) if (one !== undefined && one !== folder) known.add(one);
}

Deno.test("lib/ imports nothing of programs or tests", () => {
  const wrong = [...imports.values()].flat().filter((one) =>
    /^(main\.|scripts\/|tests\/)/.test(one)
  );
  assertEquals(wrong, []);
});

Deno.test("the arrows between the folders of lib/ go one way", () => {
  // Again and again without the folders that know none of the others: at the end none is left.
  const left = new Map(arrows);
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const [folder, known] of left) {
      if (![...known].some((one) => left.has(one))) left.delete(folder);
    }
  }
  assertEquals([...left.keys()], []);
});

Deno.test("upstream, edits and kafka do not know each other, but for the type Event", () => {
  const stations = ["lib/upstream/", "lib/edits/", "lib/kafka/"];
  const known = [...imports].flatMap(([file, from]) =>
    stations.includes(folderOf(file) ?? "")
      ? from.filter((one) =>
        stations.includes(folderOf(one) ?? "") && folderOf(one) !== folderOf(file)
      )
      : []
  );
  assertEquals([...new Set(known)], ["lib/upstream/event.ts"]);
});

Deno.test("kafkajs is imported in one file only", () => {
  const users = [...imports].filter(([, from]) => from.some((one) => /^kafkajs\b/.test(one)));
  assertEquals(users.map(([file]) => file), ["lib/kafka/kafkajs.ts"]);
});

Deno.test("pure parts use neither Deno nor the network", () => {
  const pure =
    /^lib\/(edits\/|upstream\/(sse|repeats|position|glance)\.ts|kafka\/(murmur2|record)\.ts)/;
  const parts = [...imports.keys()].filter((file) => pure.test(file));
  assertEquals(parts.length > 20, true);
  assertEquals(parts.filter((file) => /\bDeno\.|\bfetch\(/.test(read(file))), []);
});

Deno.test("DESIGN.md's map has every folder of lib/, and no other, and whom each knows", () => {
  const rows = read("DESIGN.md").matchAll(/^\| `(lib\/[^`*]+\/)` *\|[^|]*\| (.*?) *\|$/gm);
  const told = new Map([...rows].map(([, folder, knows]) => [folder!, namedIn(knows!, folder!)]));
  const there = [...arrows].map(([folder, known]) => [folder, [...known].sort()] as const);
  assertEquals(new Map([...told].sort()), new Map(there.sort()));
});

/** The folders that a cell names: `—`, `kafka, local`, `all but page`; with a remark in brackets. */
function namedIn(cell: string, folder: string): string[] {
  const names = cell.replace(/ \([^)]*\)/g, "").match(/[a-z]+(?=,|$)/g) ?? [];
  const named = names.map((name) => `lib/${name}/`);
  if (!cell.startsWith("all but ")) return named.sort();
  return [...arrows.keys()].filter((one) => one !== folder && !named.includes(one)).sort();
}
