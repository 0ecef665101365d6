import { assertEquals, assertStringIncludes } from "@std/assert";
import { jsonOf } from "../../../lib/console/json.ts";
import { lineOf } from "../../../lib/console/line.ts";
import { bytesOf } from "../../../lib/console/output.ts";
import type { ReadRecord } from "../../../lib/kafka/consume/read_options.ts";

const AT = { topic: "t", partition: 0 };
const HOSTILE = "\u001b[2J\u009b31m\u202etxt\r\n";
const edit = {
  id: 1,
  domain: "en.wikipedia.org",
  namespace: "main namespace",
  title: "Douglas Adams",
  timestamp: "2026-01-02T03:04:05Z",
  user_name: "Alice",
  user_type: "human",
  old_length: 1000,
  new_length: 2234,
};

Deno.test("lineOf() shows an edit in one line", () => {
  assertEquals(
    lineOf(record(JSON.stringify(edit))),
    "03:04:05  en.wikipedia.org         +1,234  Douglas Adams  Alice",
  );
  const bot = { ...edit, user_name: null, user_type: "bot", old_length: null, new_length: null };
  assertEquals(
    lineOf(record(JSON.stringify(bot))),
    "03:04:05  en.wikipedia.org                 Douglas Adams  (hidden user) [bot]",
  );
});

Deno.test("lineOf() shows other values by the beginning of their text", () => {
  assertEquals(lineOf(record("text")), "00:00:00  text");
  assertEquals(lineOf({ ...record(""), value: null }), "00:00:00  (no value)");
  const long = lineOf(record('{"title":' + "x".repeat(100_000)));
  assertEquals(long.length, "00:00:00  ".length + 200 + 1);
  const astral = lineOf(record("🦊".repeat(1000).slice(0)));
  assertEquals(astral.isWellFormed(), true);
});

Deno.test("jsonOf() has all parts of a record, safe for a terminal", () => {
  const json = jsonOf({ topic: "t", partition: 2 }, {
    ...record(HOSTILE),
    key: new TextEncoder().encode(HOSTILE),
    headers: { plain: new TextEncoder().encode("x"), many: ["a", "b"], none: undefined },
  });
  assertHarmless(json);
  assertEquals(JSON.parse(json), {
    topic: "t",
    key: HOSTILE,
    partition: 2,
    offset: 7,
    timestamp: 0,
    headers: { plain: "x", many: ["a", "b"], none: null },
    value: HOSTILE,
  });
});

Deno.test("jsonOf() returns bytes that are not UTF-8 as base64", () => {
  const json = jsonOf(AT, { ...record(""), value: new Uint8Array([0, 0xff]) });
  assertEquals(JSON.parse(json).value, { base64: "AP8=" });
});

Deno.test("bytesOf() returns values byte for byte, except for a terminal", () => {
  const records = [record(HOSTILE), { ...record(""), value: null }];
  const piped = records.map((record) => text(bytesOf(AT, record, "value", false)));
  assertEquals(piped, [HOSTILE, "null"]);
  const shown = records.map((record) => text(bytesOf(AT, record, "value", true)));
  shown.forEach(assertHarmless);
  assertStringIncludes(shown[0]!, "\\u{1b}[2J");
});

function record(value: string): ReadRecord {
  return { key: null, value: new TextEncoder().encode(value), timestamp: "0", offset: "7" };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

function assertHarmless(line: string): void {
  // deno-lint-ignore no-control-regex -- control characters are what this is about
  assertEquals(line.match(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/g), null);
}
