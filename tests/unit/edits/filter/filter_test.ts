import { assertEquals } from "@std/assert";
import fc from "../../../support/tools/fast_check.ts";
import { buildFilter, type Filter, isNamespace } from "../../../../lib/edits/filter/filter.ts";
import { namespaceName } from "../../../../lib/edits/event/namespaces.ts";
import type { Event } from "../../../../lib/upstream/parse/event.ts";
import { change, pageChange, pageCreate } from "../../../support/stream/events.ts";

const cases: [string, Filter, Event, boolean][] = [
  ["nothing asked for", {}, change({ type: undefined, title: undefined }), true],
  ["a type of the list", { types: ["edit", "new"] }, change({ type: "new" }), true],
  ["a type not in the list", { types: ["edit"] }, change({ type: "log" }), false],
  ["a numeric type", { types: ["142"] }, change({ type: "142" }), true],
  ["a type that is not text", { types: ["142"] }, change({ type: 142 }), false],
  ["no type", { types: ["*"] }, change({ type: undefined }), false],
  ["a stream as type", { types: ["mediawiki.page-create"] }, pageCreate(), true],
  ["another stream's own type", { types: ["edit"] }, pageCreate({ type: "edit" }), false],
  ["a wiki", { wikis: ["enwiki"] }, change(), true],
  ["a wiki by wildcard", { wikis: ["*wiki"] }, pageCreate(), true],
  ["a wiki_id", { wikis: ["frwiki"] }, pageChange(), true],
  ["another wiki", { wikis: ["dewiki"] }, change(), false],
  ["a domain", { domains: ["*.wikipedia.org"] }, change(), true],
  ["another domain", { domains: ["*.wiktionary.org"] }, change(), false],
  ["a namespace by number", { namespaces: ["0"] }, change(), true],
  ["a negative namespace", { namespaces: ["-1"] }, change({ namespace: -1 }), true],
  ["a namespace by name", { namespaces: ["User Talk"] }, pageCreate(), true],
  ["namespaces by wildcard", { namespaces: ["*Talk"] }, change({ namespace: 829 }), true],
  ["a namespace of page_change", { namespaces: ["main namespace"] }, pageChange(), true],
  ["a number without a name", { namespaces: ["104"] }, change({ namespace: 104 }), true],
  ["any without a name", { namespaces: ["unknown"] }, change({ namespace: 104 }), true],
  ["a namespace not in the list", { namespaces: ["1", "Talk"] }, change(), false],
  ["a namespace that is text", { namespaces: ["*"] }, change({ namespace: "0" }), false],
  ["a human", { users: "human" }, change(), true],
  ["a bot among humans", { users: "human" }, change({ bot: true }), false],
  ["a bot", { users: "bot" }, pageCreate(), true],
  ["a human among bots", { users: "bot" }, pageChange(), false],
  ["any user", { users: "all" }, change({ bot: undefined }), true],
  ["no known user", { users: "human" }, pageChange({ performer: undefined }), false],
  ["all lists at once", { types: ["edit"], wikis: ["en*"], users: "human" }, change(), true],
  ["one list of several", { types: ["edit"], wikis: ["de*"] }, change(), false],
];

for (const [name, filter, event, expected] of cases) {
  Deno.test(`buildFilter() ${expected ? "passes" : "drops"} ${name}`, () => {
    assertEquals(buildFilter(filter)(event), expected);
  });
}

Deno.test("buildFilter() equals a filter that checks each list in turn", () => {
  const list = (...words: string[]) =>
    fc.option(fc.uniqueArray(fc.constantFrom(...words), { minLength: 1 }), { nil: undefined });
  const filters = fc.record({
    types: list("edit", "new", "log"),
    wikis: list("enwiki", "dewiki"),
    domains: list("en.wikipedia.org", "de.wikipedia.org"),
    namespaces: list("0", "1", "Talk", "User", "unknown"),
    users: fc.constantFrom("human", "bot", "all"),
  });
  const events = fc.record({
    type: fc.constantFrom("edit", "new", "log", "categorize"),
    wiki: fc.constantFrom("enwiki", "dewiki", "frwiki"),
    domain: fc.constantFrom("en.wikipedia.org", "de.wikipedia.org", "fr.wikipedia.org"),
    namespace: fc.constantFrom(0, 1, 2, 104),
    bot: fc.boolean(),
  });
  fc.assert(fc.property(filters, events, (filter, { domain, ...fields }) => {
    const naive = (filter.types?.includes(fields.type) ?? true) &&
      (filter.wikis?.includes(fields.wiki) ?? true) &&
      (filter.domains?.includes(domain) ?? true) &&
      (filter.namespaces?.some((entry) =>
        entry === String(fields.namespace) || entry === namespaceName(fields.namespace)
      ) ?? true) &&
      (filter.users === "all" || (filter.users === "bot") === fields.bot);
    assertEquals(buildFilter(filter)(change(fields, { domain })), naive);
  }));
});

Deno.test("isNamespace() accepts numbers, known names and wildcards over them", () => {
  const taken = ["0", "-1", "104", "Talk", "main namespace", "unknown", "*Talk", "User*", "*"];
  assertEquals(taken.filter(isNamespace), taken);
  assertEquals(["", "talk", "Users", "*talks", "1.5", "--1", "0x1"].filter(isNamespace), []);
});
