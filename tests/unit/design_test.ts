/** Checks the claims of docs/design.md about the layout against the imports. */
import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
const MAX_FILES = 15;
const MAX_LINES = 300;

const read = (file: string) => Deno.readTextFileSync(new URL(file, ROOT));

/** The imports of each file of `lib`: paths from the root of the project, and packages. */
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

/** Returns the imports between groups of files of `lib`. */
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

Deno.test("lib/ does not import programs or tests", () => {
  const wrong = [...imports.values()].flat().filter((one) =>
    /^(main\.|scripts\/|tests\/)/.test(one)
  );
  assertEquals(wrong, []);
});

Deno.test("files of lib/ have no import circle", () => {
  assertEquals(circles(arrowsBetween((file) => file)), []);
});

Deno.test("folders of lib/ have no import circle", () => {
  assertEquals(circles(arrowsBetween(stationOf)), []);
  assertEquals(circles(arrowsBetween(folderOf)), []);
});

Deno.test("unit tests are in the folders of lib/", () => {
  const lib = new Set([...imports.keys()].map(folderOf));
  const others = /^lib\/((bench|chaos|dev|simulation|soak|support)\/)?$/;
  const tested = new Set(
    [...files("tests/unit/")].map((file) => folderOf(file).replace("tests/unit/", "lib/")),
  );
  assertEquals([...tested].filter((folder) => !lib.has(folder) && !others.test(folder)), []);
});

Deno.test("folders of lib/, scripts/ and tests/support/ have at most 15 files", () => {
  const all = ["lib/", "scripts/", "tests/support/"].flatMap((folder) => [...files(folder)]);
  const sizes = Map.groupBy(all, folderOf);
  const large = [...sizes].filter(([, files]) => files.length > MAX_FILES);
  assertEquals(large.map(([folder, files]) => [folder, files.length]), []);
});

Deno.test("files of scripts/ run a program of lib/, in at most 15 lines", () => {
  const scripts = [...files("scripts/")].filter((file) => folderOf(file) === "scripts/");
  assertEquals(scripts.filter((file) => read(file).split("\n").length > 16), []);
});

Deno.test("files of lib/ have at most 300 lines", () => {
  const long = [...files("lib/")].filter((file) => read(file).split("\n").length > MAX_LINES + 1);
  assertEquals(long, []);
});

Deno.test("files of lib/ export different names", () => {
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

Deno.test("upstream, edits and kafka import only Event from each other", () => {
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

Deno.test("options have no effects: lib/cli/open/ opens what they describe", () => {
  const options = [...imports.keys()].filter((file) => file.startsWith("lib/cli/options/"));
  const effects = options.filter((file) => /\bDeno\.|getLogger|\bfetch\(/.test(read(file)));
  assertEquals(effects, []);
});

Deno.test("docs/design.md has every folder of lib/, with its imports", () => {
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

Deno.test("docs/design.md describes each folder of lib/ in one clause", () => {
  const rows = read("docs/design.md").matchAll(/^\| `(?:lib\/)?([^`]+\/)` *\| (.*?) *\|/gm);
  const described = new Map([...rows].map(([, folder, text]) => [`lib/${folder}`, text!]));
  const folders = new Set([...imports.keys()].map(folderOf));
  assertEquals([...folders].filter((folder) => !described.has(folder)), []);
  assertEquals([...described.values()].filter((text) => /\band\b/.test(text)), []);
});

Deno.test("docs/design.md names tests that exist", () => {
  const sources = new Map<string, string>();
  for (const file of files("tests/")) {
    const name = file.slice(file.lastIndexOf("/") + 1, -".ts".length);
    sources.set(name, (sources.get(name) ?? "") + read(file).replace(/\s+/g, " "));
  }
  const text = read("docs/design.md").split("## Non-obvious")[1]!.replace(/\s+/g, " ");
  const missing: string[] = [];
  let named = 0;
  for (const [, list] of text.matchAll(/\((`[^`]*_test`[^()]*(?:\([^()]*\)[^()]*)*)\)/g)) {
    let file = "";
    for (const [, code, phrase] of list!.matchAll(/`([^`]+)`|"([^"]+)"/g)) {
      if (code !== undefined) file = code.slice(code.lastIndexOf("/") + 1);
      else if (++named > 0 && !sources.get(file)?.includes(phrase!)) {
        missing.push(`${file}: ${phrase}`);
      }
    }
  }
  assert(named > 30, `only ${named} names`);
  assertEquals(missing, []);
});

/**
 * Returns the folders that a cell names: `—`, `kafka, local`, `all but page`; remarks are in
 * brackets.
 */
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

Deno.test("durations are measured with the monotonic clock", () => {
  const pattern = /Date\.now\(\) [-<>]|[-<>] Date\.now\(\)|deadline = Date\.now\(\)/;
  const found = [...imports.keys()].filter((file) => pattern.test(read(file))).sort();
  assertEquals(found, ABOUT_DATES);
});

Deno.test("tests are skipped only by needing(), which gives the reason", () => {
  const tests = [...files("tests/")].filter((file) => file.endsWith("_test.ts"));
  const pattern = /^ *ignore[:,]|Deno\.test\.(?:ignore|only)\(/m;
  assertEquals(tests.filter((file) => pattern.test(read(file))), []);
});
