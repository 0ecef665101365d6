import { assertEquals } from "@std/assert";
import { KEPT_BYTES, toRows } from "../../../lib/store/rows.ts";

const EDIT = {
  id: 1,
  domain: "en.wikipedia.org",
  namespace: "Talk",
  title: "Talk:Example",
  timestamp: "2026-01-01T00:00:01.234Z",
  user_name: "Someone",
  user_type: "bot",
  old_length: null,
  new_length: 5,
};

const EVENT = {
  $schema: "/mediawiki/recentchange/1.0.1",
  meta: {
    topic: "eqiad.mediawiki.recentchange",
    partition: 0,
    offset: 5,
    id: "an-id",
    dt: "2026-01-01T00:00:01Z",
    domain: "de.wikipedia.org",
    stream: "mediawiki.recentchange",
  },
  id: 7,
  type: "log",
  namespace: 0,
  title: "Beispiel",
  user: "Jemand",
  bot: false,
};

const encoder = new TextEncoder();

function rowsOf(...values: (string | object | null)[]) {
  return toRows(values.map((value, index) => ({
    offset: String(index),
    timestamp: "1000",
    value: value === null
      ? null
      : encoder.encode(typeof value === "string" ? value : JSON.stringify(value)),
  })));
}

const reasonOf = (value: string | object | null) => rowsOf(value).bad[0]?.reason;

Deno.test("toRows() returns a row for the nine fields", () => {
  assertEquals(rowsOf(EDIT), {
    edits: [{
      offset: 0n,
      time: Date.UTC(2026, 0, 1, 0, 0, 1, 234),
      type: null,
      changeId: 1,
      domain: "en.wikipedia.org",
      namespace: "Talk",
      title: "Talk:Example",
      userName: "Someone",
      isBot: true,
      oldLength: null,
      newLength: 5,
      event: null,
    }],
    bad: [],
  });
});

Deno.test("toRows() returns a row for an upstream event, with the event", () => {
  const [row] = rowsOf(EVENT).edits;
  assertEquals(row, {
    offset: 0n,
    time: Date.UTC(2026, 0, 1, 0, 0, 1),
    type: "log",
    changeId: 7,
    domain: "de.wikipedia.org",
    namespace: "main namespace",
    title: "Beispiel",
    userName: "Jemand",
    isBot: false,
    oldLength: null,
    newLength: null,
    event: JSON.stringify(EVENT),
  });
});

Deno.test("toRows() returns a row for an event of another stream", () => {
  const meta = { ...EVENT.meta, stream: "mediawiki.page-create" };
  const performer = { user_text: "Maker", user_is_bot: true };
  const [row] = rowsOf({ meta, page_title: "A_page", page_namespace: 1, performer }).edits;
  assertEquals(
    [row?.type, row?.title, row?.namespace, row?.userName, row?.isBot, row?.changeId],
    ["mediawiki.page-create", "A page", "Talk", "Maker", true, null],
  );
});

Deno.test("toRows() rejects records that are not edits, with the reason", () => {
  const { title: _, ...untitled } = EDIT;
  const { user: __, ...hidden } = EVENT;
  assertEquals(reasonOf("{"), "bad JSON");
  assertEquals(reasonOf(""), "bad JSON");
  assertEquals(reasonOf(null), "no value");
  assertEquals(reasonOf("[1]"), "wrong shape: (top)");
  assertEquals(reasonOf("null"), "wrong shape: (top)");
  assertEquals(reasonOf(untitled), "wrong shape: title");
  assertEquals(reasonOf({ ...untitled, color: 1 }), "wrong shape: title");
  assertEquals(reasonOf({ ...EDIT, color: 1 }), "unknown field: color");
  assertEquals(reasonOf({ ...EDIT, id: 2 ** 53 }), "wrong shape: id");
  assertEquals(reasonOf({ ...EDIT, timestamp: "yesterday" }), "wrong shape: timestamp");
  assertEquals(reasonOf({ ...EDIT, timestamp: "1969-12-31T23:59:59Z" }), "wrong shape: timestamp");
  assertEquals(reasonOf({ ...EVENT, title: 5 }), "wrong shape: title");
  assertEquals(reasonOf({ ...EVENT, meta: {} }), "wrong shape: meta.topic");
  assertEquals(reasonOf(hidden), undefined);
});

Deno.test("toRows() rejects values that a database cannot store", () => {
  assertEquals(reasonOf({ ...EDIT, title: "x".repeat(513) }), "too long: title");
  assertEquals(reasonOf({ ...EDIT, user_name: "a\0b" }), "NUL character: userName");
  assertEquals(reasonOf({ ...EDIT, ["a\0b"]: 1 }), "unknown field: a\\0b");
  assertEquals(reasonOf({ ...EDIT, ["k".repeat(500)]: 1 })?.length, 115);
});

Deno.test("toRows() rejects negative lengths, whose difference may be inexact", () => {
  const most = Number.MAX_SAFE_INTEGER;
  assertEquals(reasonOf({ ...EDIT, old_length: -most, new_length: most }), "negative: oldLength");
  assertEquals(reasonOf({ ...EVENT, length: { old: 0, new: -1 } }), "negative: newLength");
  for (const [old_length, new_length] of [[0, most], [most, 0], [null, null], [5, 0]]) {
    assertEquals(reasonOf({ ...EDIT, old_length, new_length }), undefined);
  }
});

Deno.test("toRows() keeps the beginning of a large bad record, and marks it", () => {
  const [bad] = rowsOf("x".repeat(KEPT_BYTES + 1)).bad;
  assertEquals([bad?.value?.length, bad?.size, bad?.isCut], [KEPT_BYTES, KEPT_BYTES + 1, true]);
});

Deno.test("toRows() rejects a time that no database can store", () => {
  for (const timestamp of ["-1", "253402300800000", "9223372036854775807", "nonsense"]) {
    const { bad } = toRows([{ offset: "1", timestamp, value: null }]);
    assertEquals(bad[0]?.time, null);
  }
  const last = { ...EDIT, timestamp: "9999-12-31T23:59:59Z" };
  const late = { ...EDIT, timestamp: "+010000-01-01T00:00:00Z" };
  const { edits, bad } = rowsOf(last, late);
  assertEquals(edits.map(({ time }) => time), [253_402_300_799_000]);
  assertEquals(bad.map(({ reason }) => reason), ["wrong shape: timestamp"]);
});

Deno.test("toRows() returns a row for every record", () => {
  const values = ["{", EDIT, null, EVENT, "[]", EDIT, '{"__proto__": 1}', "5", '"text"'];
  const { edits, bad } = rowsOf(...values);
  assertEquals(edits.map(({ offset }) => offset), [1n, 3n, 5n]);
  assertEquals(bad.map(({ offset }) => offset), [0n, 2n, 4n, 6n, 7n, 8n]);
});
