/** Checks the claims of docs/design.md about the layout against the imports. */
import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
const MAX_FILES = 15;
const MAX_LINES = 300;

const read = (file: string) => Deno.readTextFileSync(new URL(file, ROOT));

/** By file of `lib`, what it imports: files, from the top of the project, and packages. */
const imports = new Map<string, readonly string[]>();
for (const file of files("lib/")) {
  const found = read(file).matchAll(
    /^(?:import|export)\b[^;]*?\bfrom "([^"]+)"|^import "([^"]+)"|await import\("([^"]+)"\)/gm,
  );
  const specifiers = [...found].map(([, from, bare, late]) => from ?? bare ?? late!);
  imports.set(file, specifiers.map((specifier) => resolved(file, specifier)));
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

/** Every folder may import it. */
const SHARED = "lib/shared/";

const folderOf = (file: string) => file.slice(0, file.lastIndexOf("/") + 1);
const stationOf = (file: string) => /^lib\/[^/]+\//.exec(file)?.[0];

/** The arrows between the groups that `groupOf` sorts files of `lib` into. */
function arrowsBetween(
  groupOf: (file: string) => string | undefined,
): Map<string, ReadonlySet<string>> {
  const arrows = new Map<string, Set<string>>();
  for (const [file, from] of imports) {
    const group = groupOf(file);
    if (group === undefined) continue;
    const known = arrows.get(group) ?? new Set();
    arrows.set(group, known);
    for (const one of from.filter((one) => imports.has(one)).map(groupOf)) {
      if (one !== undefined && one !== group) known.add(one);
    }
  }
  return arrows;
}

/** Returns the groups that are part of a circle, or import one. */
function circles(arrows: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const left = new Map(arrows);
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const [group, known] of left) {
      if (![...known].some((one) => left.has(one))) left.delete(group);
    }
  }
  return [...left.keys()];
}

Deno.test("lib/ imports nothing of programs or tests", () => {
  const wrong = [...imports.values()].flat().filter((one) =>
    /^(main\.|scripts\/|tests\/)/.test(one)
  );
  assertEquals(wrong, []);
});

Deno.test("no import circle between the files of lib/", () => {
  assertEquals(circles(arrowsBetween((file) => file)), []);
});

Deno.test("no import circle between the stations or the folders of lib/", () => {
  assertEquals(circles(arrowsBetween(stationOf)), []);
  assertEquals(circles(arrowsBetween(folderOf)), []);
});

Deno.test("the unit tests of lib/ are in its folders", () => {
  const lib = new Set([...imports.keys()].map(folderOf));
  const others = /^lib\/((bench|chaos|dev|simulation|soak|support)\/)?$/;
  const tested = new Set(
    [...files("tests/unit/")].map((file) => folderOf(file).replace("tests/unit/", "lib/")),
  );
  assertEquals([...tested].filter((folder) => !lib.has(folder) && !others.test(folder)), []);
});

Deno.test("no folder of lib/, scripts/ or tests/support/ has more than 15 files", () => {
  const all = ["lib/", "scripts/", "tests/support/"].flatMap((folder) => [...files(folder)]);
  const sizes = Map.groupBy(all, folderOf);
  const large = [...sizes].filter(([, files]) => files.length > MAX_FILES);
  assertEquals(large.map(([folder, files]) => [folder, files.length]), []);
});

Deno.test("a file of scripts/ runs a program of lib/, in at most 15 lines", () => {
  const scripts = [...files("scripts/")].filter((file) => folderOf(file) === "scripts/");
  assertEquals(scripts.filter((file) => read(file).split("\n").length > 16), []);
});

Deno.test("no file of lib/ has more than 300 lines", () => {
  const long = [...files("lib/")].filter((file) => read(file).split("\n").length > MAX_LINES + 1);
  assertEquals(long, []);
});

Deno.test("no two files of lib/ export the same name", () => {
  const pattern = /^export (?:async )?(?:class|const|function\*?|interface|type) (\w+)/gm;
  const exported = [...imports.keys()].flatMap((file) =>
    [...read(file).matchAll(pattern)].map(([, name]) => ({ name: name!, file }))
  );
  assert(exported.length > 500, `only ${exported.length} exported names`);
  const all = Map.groupBy(
    new Set(exported.map(({ name, file }) => `${name} ${file}`)),
    (one) => one.split(" ")[0]!,
  );
  assertEquals([...all.values()].filter(({ length }) => length > 1), []);
});

Deno.test("upstream, edits and kafka do not import each other, but for Event", () => {
  const stations = ["lib/upstream/", "lib/edits/", "lib/kafka/"];
  const known = [...imports].flatMap(([file, from]) =>
    stations.includes(stationOf(file) ?? "")
      ? from.filter((one) =>
        stations.includes(stationOf(one) ?? "") && stationOf(one) !== stationOf(file)
      )
      : []
  );
  assertEquals([...new Set(known)], ["lib/upstream/parse/event.ts"]);
});

Deno.test("kafkajs is imported in lib/kafka/client/ only", () => {
  const users = [...imports].filter(([, from]) => from.some((one) => /^kafkajs\b/.test(one)));
  const outside = [...imports].filter(([file, from]) =>
    stationOf(file) !== "lib/kafka/" && from.includes("lib/kafka/client/kafkajs.ts")
  );
  assertEquals(outside.map(([file]) => file), []);
  const client = "lib/kafka/client/";
  assertEquals(users.map(([file]) => file).sort(), [`${client}kafkajs.ts`, `${client}patches.ts`]);
});

/** These import only each other, `lib/shared/`, `node:` modules and the packages named here. */
const PURE = [
  /^lib\/edits\//,
  /^lib\/kafka\/wire\//,
  /^lib\/kafka\/publish\/send\/chunks\.ts$/,
  /^lib\/upstream\/(parse|position)\//,
  /^lib\/upstream\/resume\/(?!gap_report|service_clock)/,
  /^lib\/(shared\/|avro\/wire)/,
];
const PURE_PACKAGES = ["zod", "hysnappy", "avsc", "fastest-levenshtein"];

Deno.test("pure files import only pure files", () => {
  const isPure = (one: string) => PURE.some((pattern) => pattern.test(one));
  const allowed = (one: string) =>
    isPure(one) || one.startsWith("node:") || PURE_PACKAGES.includes(one) || one.endsWith(".json");
  const pure = [...imports].filter(([file]) => isPure(file));
  assert(pure.length > 30, `only ${pure.length} pure files`);
  const wrong = pure.flatMap(([file, from]) =>
    from.filter((one) => !allowed(one)).map((one) => `${file} imports ${one}`)
  );
  assertEquals(wrong, []);
  const effects = pure.filter(([file]) =>
    !file.startsWith("lib/shared/") && /\bDeno\.|\bfetch\(/.test(read(file))
  );
  assertEquals(effects.map(([file]) => file), []);
});

Deno.test("options have no effects: what they describe is opened in lib/cli/open/", () => {
  const options = [...imports.keys()].filter((file) => file.startsWith("lib/cli/options/"));
  const effects = options.filter((file) => /\bDeno\.|getLogger|\bfetch\(/.test(read(file)));
  assertEquals(effects, []);
});

Deno.test("docs/design.md's map has every folder of lib/, and what each imports", () => {
  const arrows = arrowsBetween(stationOf);
  const rows = read("docs/design.md").matchAll(/^\| `(lib\/[^`*]+\/)` *\|[^|]*\| (.*?) *\|$/gm);
  const there = [...arrows].map(([folder, known]) =>
    [folder, [...known].filter((one) => one !== SHARED).sort()] as const
  );
  const all = [...arrows.keys()].filter((one) => one !== SHARED);
  const documented = new Map(
    [...rows].map(([, folder, knows]) => [folder!, namedIn(knows!, folder!, all)]),
  );
  assertEquals(new Map([...documented].sort()), new Map(there.sort()));
});

Deno.test("docs/design.md says in one clause what each folder of lib/ does", () => {
  const rows = read("docs/design.md").matchAll(/^\| `(?:lib\/)?([^`]+\/)` *\| (.*?) *\|/gm);
  const described = new Map([...rows].map(([, folder, text]) => [`lib/${folder}`, text!]));
  const folders = new Set([...imports.keys()].map(folderOf));
  assertEquals([...folders].filter((folder) => !described.has(folder)), []);
  assertEquals([...described.values()].filter((text) => /\band\b/.test(text)), []);
});

/** The folders that a cell names: `—`, `kafka, local`, `all but page`; with a remark in brackets. */
function namedIn(cell: string, folder: string, all: readonly string[]): string[] {
  const names = cell.replace(/ \([^)]*\)/g, "").match(/[a-z]+(?=,|$)/g) ?? [];
  const named = names.map((name) => `lib/${name}/`);
  if (!cell.startsWith("all but ")) return named.sort();
  return all.filter((one) => one !== folder && !named.includes(one)).sort();
}

/** Files that compare this machine's clock with other times: of events, or kafkajs's own. */
const ABOUT_DATES = [
  "lib/kafka/admin/retention.ts",
  "lib/kafka/client/patches.ts",
  "lib/page/dashboard.ts",
  "lib/produce/produce.ts",
];

Deno.test("no duration is measured with this machine's clock, which can step", () => {
  const pattern = /Date\.now\(\) [-<>]|[-<>] Date\.now\(\)|deadline = Date\.now\(\)/;
  const found = [...imports.keys()].filter((file) => pattern.test(read(file))).sort();
  assertEquals(found, ABOUT_DATES);
});

Deno.test("tests are skipped by needing() only, so that each says why", () => {
  const tests = [...files("tests/")].filter((file) => file.endsWith("_test.ts"));
  const pattern = /^ *ignore[:,]|Deno\.test\.(?:ignore|only)\(/m;
  assertEquals(tests.filter((file) => pattern.test(read(file))), []);
});
