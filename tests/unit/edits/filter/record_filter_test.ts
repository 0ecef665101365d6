import { assertEquals } from "@std/assert";
import { type RecordFilter, RecordTest } from "../../../../lib/edits/filter/record_filter.ts";
import { change, pageChange, pageCreate } from "../../../support/stream/events.ts";
import { editOf } from "../../../support/kafka/records.ts";

const encoder = new TextEncoder();
const edit = (changes = {}) => JSON.stringify(editOf(0, changes));
const upstream = (event: { data: Uint8Array }) => new TextDecoder().decode(event.data);

const cases: [string, RecordFilter, string | null, boolean][] = [
  ["anything without a filter", {}, null, true],
  ["a wiki by its domain", { wikis: ["enwiki"] }, edit(), true],
  ["another wiki", { wikis: ["dewiki"] }, edit(), false],
  ["a wiki by wildcard", { wikis: ["*wiktionary"] }, edit({ domain: "fr.wiktionary.org" }), true],
  ["a domain", { domains: ["*.wikipedia.org"] }, edit(), true],
  ["a namespace by name", { namespaces: ["User Talk"] }, edit({ namespace: "User Talk" }), true],
  ["a namespace by number", { namespaces: ["3"] }, edit({ namespace: "User Talk" }), true],
  ["an unknown namespace", { namespaces: ["unknown"] }, edit({ namespace: "unknown" }), true],
  ["another namespace", { namespaces: ["0"] }, edit({ namespace: "unknown" }), false],
  ["a bot", { users: "bot" }, edit({ user_type: "bot" }), true],
  ["a human among bots", { users: "bot" }, edit({ user_type: "human" }), false],
  ["the nine fields by type, which they lack", { types: ["edit"] }, edit(), false],
  ["a type of an upstream event", { types: ["log"] }, upstream(change({ type: "log" })), true],
  ["a wiki of an upstream event", { wikis: ["dewiki"] }, upstream(pageCreate()), true],
  ["a stream of an upstream event", { types: ["*page_change.v1"] }, upstream(pageChange()), true],
  ["selected fields", { wikis: ["xwiki"], types: ["new"] }, '{"wiki":"xwiki","type":"new"}', true],
  ["a field by its path", { domains: ["a.org"] }, '{"meta.domain":"a.org"}', true],
  ["all of several", { wikis: ["en*"], users: "bot" }, edit({ user_type: "human" }), false],
  ["no value", { wikis: ["*"] }, null, false],
  ["no JSON", { wikis: ["*"] }, "{", false],
  ["a number", { wikis: ["*"] }, "1", false],
  ["null", { wikis: ["*"] }, "null", false],
  ["fields of other types", { domains: ["*"] }, '{"domain":1,"meta":null}', false],
];

for (const [name, filter, value, expected] of cases) {
  Deno.test(`RecordTest ${expected ? "passes" : "drops"} ${name}`, () => {
    const bytes = value === null ? null : encoder.encode(value);
    assertEquals(new RecordTest(filter).passes({ key: null, value: bytes }), expected);
  });
}

Deno.test("RecordTest compares keys, even of values that are not JSON", () => {
  const test = new RecordTest({ keys: ["en.wikipedia.org/Paris, Texas", "de.*"] });
  const passes = (key: string | null) =>
    test.passes({ key: key === null ? null : encoder.encode(key), value: null });
  assertEquals(
    ["en.wikipedia.org/Paris, Texas", "de.wikipedia.org/Paris", "de", "", null].map(passes),
    [true, true, false, false, false],
  );
});

Deno.test("RecordTest names the filters that no record had a value for", () => {
  const test = new RecordTest({ wikis: ["enwiki"], types: ["edit"] });
  assertEquals(test.lacking, ["types", "wikis"]);
  test.passes({ key: null, value: encoder.encode(edit()) });
  assertEquals(test.lacking, ["types"]);
});
