import { assertEquals, assertThrows } from "@std/assert";
import fc from "../../../support/tools/fast_check.ts";
import { encodeFields, FIRST_EVENTS, parseField } from "../../../../lib/edits/message/fields.ts";
import { parseEvent, RejectedEvent } from "../../../../lib/upstream/parse/event.ts";
import { change, pageChange } from "../../../support/stream/events.ts";

const parsed: [string, string, string][] = [
  ["title", "title", "title"],
  ["length.new", "length.new", "length.new"],
  ["length.new=size", "length.new", "size"],
  ["size=length.new", "length.new", "size"],
  ["user=who", "user", "who"],
  ["length.new=size.new", "length.new", "size.new"],
  ["$schema=schema", "$schema", "schema"],
];

for (const [text, path, name] of parsed) {
  Deno.test(`parseField() reads '${text}'`, () => assertEquals(parseField(text), { path, name }));
}

for (const text of ["", "=", "a=", "=a", "a=b=c", "a..b", ".a", "a.", "a b", "a=b c", '"a"']) {
  Deno.test(`parseField() rejects '${text}'`, () => {
    assertThrows(() => parseField(text), Error, "expected PATH or PATH=NAME");
  });
}

function encode(event: ReturnType<typeof change>, ...fields: string[]): string {
  return encodeFields(fields.map(parseField))(event);
}

Deno.test("encodeFields() keeps order, names and types; null if missing", () => {
  const event = change({ patrolled: true, log_params: { a: [1.5, null] }, user: null });
  assertEquals(
    encode(event, "title", "length.new=diff", "patrolled", "log_params", "user", "nothing.there"),
    '{"title":"Example","diff":120,"patrolled":true,"log_params":{"a":[1.5,null]},"user":null,' +
      '"nothing.there":null}',
  );
  assertEquals(
    encode(pageChange(), "page.page_title", "1"),
    '{"page.page_title":"Page_d\'exemple","1":null}',
  );
});

Deno.test("encodeFields() finds nothing in texts, lists and prototypes", () => {
  const paths = ["title.length", "log_params.0", "log_params.length", "constructor", "__proto__"];
  const read = JSON.parse(encode(change({ log_params: [1] }), ...paths));
  assertEquals(Object.keys(read), paths);
  assertEquals(Object.values(read), paths.map(() => null));
});

const refused: [string, unknown, boolean][] = [
  ["the largest exact integer", 2 ** 53 - 1, true],
  ["an integer beyond it", 2 ** 53, false],
  ["one within lists and objects", { a: [{ b: -(2 ** 60) }] }, false],
  ["a fraction", 0.1, true],
  ["what is 64 deep", nested(64), true],
  ["what is deeper", nested(65), false],
  ["what is as deep as hostile", nested(100_000), false],
];

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

for (const [name, value, taken] of refused) {
  Deno.test(`encodeFields() ${taken ? "accepts" : "rejects"} ${name}`, () => {
    const event = change();
    const own = { ...event, body: { ...event.body, own: value } };
    if (taken) assertEquals(JSON.parse(encode(own, "own")), { own: value });
    else assertThrows(() => encode(own, "own"), RejectedEvent, "wrong shape: own");
  });
}

/** Returns an event whose JSON has `own` as the text of one more value. */
function withJson(own: string): ReturnType<typeof change> {
  const { body } = change();
  const text = JSON.stringify({ ...body, own: 0 }).replace(/0}$/, () => `${own}}`);
  return parseEvent(new TextEncoder().encode(text));
}

/** JSON from upstream, and its form in the message; `undefined` if it is rejected. */
const spellings: [string, string | undefined][] = [
  ["1e400", undefined],
  ["-1e400", undefined],
  ["[[1e400]]", undefined],
  ['{"a":{"b":-1e999}}', undefined],
  ["9007199254740993", undefined],
  ["9007199254740991.6", undefined],
  ['{"a":[9007199254740993]}', undefined],
  ["9007199254740991", "9007199254740991"],
  ["1.50e2", "150"],
  ["-0", "0"],
  ["0.10000000000000000001", "0.1"],
  ["1e-400", "0"],
  ['{"a":1,"b":2,"a":3}', '{"a":3,"b":2}'],
  ['{"__proto__":1}', '{"__proto__":1}'],
  [String.raw`"\ud83e"`, String.raw`"\ud83e"`],
  [String.raw`"\u00e9\/\u0000"`, String.raw`"é/\u0000"`],
];

for (const [own, expected] of spellings) {
  Deno.test(`encodeFields() ${expected === undefined ? "rejects" : "accepts"} ${own}`, () => {
    const event = withJson(own);
    if (expected !== undefined) assertEquals(encode(event, "own"), `{"own":${expected}}`);
    else assertThrows(() => encode(event, "own"), RejectedEvent, "wrong shape: own");
  });
}

Deno.test("encodeFields() reports once the paths that 1,000 events lack", () => {
  const reported: (readonly string[])[] = [];
  const fields = ["title", "lenght.new", "log_type"].map(parseField);
  const encode = encodeFields(fields, (paths) => reported.push(paths));
  encode(change({ log_type: null }));
  for (let i = 1; i < FIRST_EVENTS - 1; i++) encode(change());
  assertEquals(reported, []);
  for (let i = 0; i < 2 * FIRST_EVENTS; i++) encode(change());
  assertEquals(reported, [["lenght.new"]]);
});

Deno.test("encodeFields() writes any JSON value unchanged", () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
    const own = JSON.parse(JSON.stringify(value));
    const event = change();
    try {
      const json = encode({ ...event, body: { own } }, "own=name");
      assertEquals(json, `{"name":${JSON.stringify(own)}}`);
    } catch (error) {
      // Numbers such as 1e300 are integers beyond 2^53.
      assertEquals(error instanceof RejectedEvent, true);
    }
  }));
});
