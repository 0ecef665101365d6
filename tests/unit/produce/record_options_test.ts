import { assertEquals } from "@std/assert";
import {
  changedOptions,
  marksIn,
  optionMarks,
  type RecordSettings,
} from "../../../lib/produce/record_options.ts";

const SETTINGS: RecordSettings = { topic: "edits", filter: { types: ["edit"] } };

Deno.test("changedOptions() names each option that differs", () => {
  const field = { name: "title", path: "title" };
  const others: readonly (readonly [string, RecordSettings])[] = [
    ["topic", { ...SETTINGS, topic: "others" }],
    ["types", { ...SETTINGS, filter: {} }],
    ["wiki", { ...SETTINGS, filter: { types: ["edit"], wikis: ["enwiki"] } }],
    ["domain", { ...SETTINGS, filter: { types: ["edit"], domains: ["de.wikipedia.org"] } }],
    ["namespace", { ...SETTINGS, filter: { types: ["edit"], namespaces: ["0"] } }],
    ["users", { ...SETTINGS, filter: { types: ["edit"], users: "bot" } }],
    ["key", { ...SETTINGS, key: "user" }],
    ["payload", { ...SETTINGS, payload: { fields: [field] } }],
    ["format", { ...SETTINGS, format: "avro" }],
    ["headers", { ...SETTINGS, headers: "cloudevents" }],
  ];
  const saved = optionMarks(SETTINGS);
  for (const [name, settings] of others) {
    assertEquals(changedOptions(saved, settings), [name]);
  }
});

Deno.test("optionMarks() ignores explicit defaults and the order of lists", () => {
  const filter = { types: ["edit"], wikis: ["enwiki", "dewiki"], users: "all" } as const;
  const written: RecordSettings = {
    topic: "edits",
    filter: { ...filter, wikis: ["dewiki", "enwiki"] },
    key: "page",
    payload: "edit",
    format: "json",
    headers: "none",
  };
  assertEquals(optionMarks(written), optionMarks({ topic: "edits", filter }));
});

Deno.test("optionMarks() returns 40 characters for any options", () => {
  const wikis = Array.from({ length: 1000 }, (_, i) => `wiki${i}`);
  assertEquals(optionMarks(SETTINGS).length, 40);
  assertEquals(optionMarks({ ...SETTINGS, filter: { wikis } }).length, 40);
});

Deno.test("marksIn() returns undefined without valid marks", () => {
  const options = optionMarks(SETTINGS);
  assertEquals(marksIn({ stream: "http://x/", options }), options);
  for (const position of [undefined, null, {}, { options: 1 }, { options: "short" }]) {
    assertEquals(marksIn(position), undefined);
  }
  assertEquals(changedOptions("of a later version", SETTINGS), []);
});
