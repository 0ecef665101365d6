import { assertEquals, assertThrows } from "@std/assert";
import { encodeEdit, toEdit } from "../../../../lib/edits/message/edit.ts";
import { parseEvent, readEvent, RejectedEvent } from "../../../../lib/upstream/parse/event.ts";
import { MAX_RECOGNIZED_BYTES, utf8Text } from "../../../../lib/upstream/parse/recognized_edit.ts";
import { latin1 } from "../../../../lib/upstream/parse/latin1.ts";
import { ORDERED_META } from "../../../support/stream/events.ts";

const encoder = new TextEncoder();

const EDIT = {
  $schema: "/mediawiki/recentchange/1.0.0",
  meta: ORDERED_META,
  id: 1_800_000_000,
  type: "edit",
  namespace: 3,
  title: "User talk:Müller 🦊",
  title_url: "https://ü.test/wiki/A",
  comment: 'says "\\ \n 🦊"',
  timestamp: 1_700_000_000,
  user: "Ünï",
  bot: false,
  notify_url: "https://ü.test/w/index.php?diff=2",
  minor: true,
  patrolled: true,
  length: { old: 100, new: 120 },
  revision: { old: 2_200_000_000, new: 2_200_000_001 },
  server_url: "https://en.wikipedia.org",
  server_name: "en.wikipedia.org",
  server_script_path: "/w",
  wiki: "enwiki",
  parsedcomment: "<b>\u0007</b>",
};

/** Returns an edit's bytes. `undefined` removes a field; a function changes the text. */
function bytesOf(fields: object = {}, change = (text: string) => text): Uint8Array {
  return encoder.encode(change(JSON.stringify({ ...EDIT, ...fields })));
}

Deno.test("readEvent() recognizes an edit, and reads the same as parsing", () => {
  const data = bytesOf();
  assertEquals(readEvent(data).edit, {
    id: "1800000000",
    namespace: 3,
    title: "User talk:Müller 🦊",
    user: "Ünï",
    bot: false,
    oldLength: "100",
    newLength: "120",
    wiki: "enwiki",
  });
  assertEquals(encodeEdit(readEvent(data)), JSON.stringify(toEdit(parseEvent(data))));
  assertEquals(parseEvent(data).edit, undefined);
});

const forms: [string, object][] = [
  ["a new page", { type: "new", length: { new: 7 }, revision: { new: 1 } }],
  ["a new page with lengths of null", {
    type: "new",
    length: { old: null, new: 7 },
    revision: { old: null, new: 1 },
  }],
  ["a redacted user", { user: undefined }],
  ["the fields of 2026", { patrolled: undefined }],
  ["the fields of 2019", { title_url: undefined, notify_url: undefined }],
  ["a namespace below zero", { namespace: -1 }],
  ["a namespace without a name", { namespace: 2600 }],
  ["empty texts", { title: "", user: "", comment: "", wiki: "" }],
  ["a bot", { bot: true }],
];

for (const [name, fields] of forms) {
  Deno.test(`readEvent() recognizes ${name}`, () => {
    const data = bytesOf(fields);
    assertEquals(readEvent(data).edit === undefined, false);
    assertEquals(encodeEdit(readEvent(data)), JSON.stringify(toEdit(parseEvent(data))));
  });
}

const others: [string, object, ((text: string) => string)?][] = [
  ["another type", { type: "categorize" }],
  ["an edit without an id", { id: null }],
  ["a quote in the title", { title: 'a"b' }],
  ["an escape in the user", { user: "A" }, (text) => text.replace('"A"', '"\\u0041"')],
  ["a field more", { extra: 1 }],
  ["a key twice", {}, (text) => text.replace(',"bot"', ',"title":"B","bot"')],
  [
    "another order",
    { bot: undefined, wiki: "enwiki", user: "A" },
    (text) => text.replace(',"minor"', ',"minor":true,"bot"'),
  ],
  ["white space", {}, (text) => text.replace(',"bot"', ', "bot"')],
  ["a number of 16 digits", { length: { old: 1e15, new: 1 } }],
  ["a negative length", { length: { old: -1, new: 1 } }],
];

for (const [name, fields, change] of others) {
  Deno.test(`readEvent() parses ${name}`, () => {
    const data = bytesOf(fields, change);
    assertEquals(readEvent(data).edit, undefined);
    assertEquals(outcome(readEvent, data), outcome((data) => parseEvent(data), data));
  });
}

function outcome(read: typeof readEvent, data: Uint8Array): string {
  try {
    return encodeEdit(read(data));
  } catch (error) {
    if (error instanceof RejectedEvent) return error.message;
    throw error;
  }
}

Deno.test("readEvent() parses bytes that are not UTF-8", () => {
  const data = bytesOf({ comment: "~" });
  data[data.indexOf("~".charCodeAt(0))] = 0xff;
  const event = readEvent(data);
  assertEquals(event.edit, undefined);
  assertThrows(() => encodeEdit(event), RejectedEvent, "bad JSON");
});

Deno.test("readEvent() recognizes edits of up to 64 KiB with any content", () => {
  const room = MAX_RECOGNIZED_BYTES - bytesOf({ comment: "" }).length;
  for (const filler of ["x", String.raw`\n`, String.raw`\u00e9`, String.raw`\"`, "é"]) {
    const size = encoder.encode(filler).length;
    const full = (bytes: number) =>
      bytesOf(
        { comment: "~" },
        (text) => text.replace("~", () => filler.repeat(bytes / size) + "x".repeat(bytes % size)),
      );
    assertEquals(full(room).length, MAX_RECOGNIZED_BYTES);
    assertEquals(readEvent(full(room)).edit === undefined, false, filler);
    assertEquals(readEvent(full(room + 1)).edit, undefined, filler);
    // After a failure at the very end, each part backtracks once.
    const broken = full(room);
    broken[broken.length - 2] = 0x20;
    assertEquals(outcome(readEvent, broken), "bad JSON", filler);
  }
});

Deno.test("utf8Text() decodes the UTF-8 that latin1() returned", () => {
  for (const text of ["", "A", "\u0000\u007f", "Müller", "日本語", "🦊\u2028"]) {
    assertEquals(utf8Text(latin1(encoder.encode(text))), text);
  }
});
