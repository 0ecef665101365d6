import { assertEquals, assertThrows } from "@std/assert";
import {
  bodyOf,
  editOf,
  eventOf,
  identityOf,
  parseValue,
} from "../../../../lib/edits/message/record_value.ts";
import { RejectedEvent } from "../../../../lib/upstream/parse/event.ts";
import { editOf as anEdit } from "../../../support/kafka/records.ts";
import { change } from "../../../support/stream/events.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("bodyOf() reads only JSON objects", () => {
  assertEquals(bodyOf(bytes('{"a":1}')), { a: 1 });
  for (const text of ["", "null", "[1]", '"x"', "{", "\0\0\0\0\x01"]) {
    assertEquals(bodyOf(bytes(text)), undefined, text);
  }
  assertEquals(bodyOf(new Uint8Array([0x7b, 0xff, 0x7d])), undefined);
  assertEquals(bodyOf(null), undefined);
});

Deno.test("parseValue() throws the reason if a value is not a JSON object", () => {
  assertThrows(() => parseValue(null), RejectedEvent, "no value");
  assertThrows(() => parseValue(bytes("{")), RejectedEvent, "bad JSON");
});

Deno.test("editOf() and eventOf() distinguish the forms of a value", () => {
  const edit = anEdit(1);
  const { data } = change();
  assertEquals(editOf({ ...edit }), edit);
  assertEquals(editOf({ ...edit, title: 5 }), undefined);
  assertEquals(eventOf(bytes(JSON.stringify(edit)), { ...edit }), undefined);
  assertEquals(eventOf(data, parseValue(data))?.meta.id, change().meta.id);
  assertThrows(() => eventOf(data, { meta: {} }), RejectedEvent, "wrong shape: meta.topic");
});

Deno.test("identityOf() reads the nine fields, and upstream events", () => {
  const timestamp = "2026-01-01T00:00:00.001Z";
  const time = Date.parse(timestamp);
  const edit = { id: 5, domain: "xx.example.org", title: "Page", timestamp };
  const known = { time, domain: "xx.example.org", title: "Page" };
  assertEquals(identityOf(edit), { ...known, id: "xx.example.org#5" });
  const meta = { id: "uuid", dt: timestamp, domain: "xx.example.org" };
  assertEquals(identityOf({ meta, id: 5, title: "Page", timestamp: 7 }), { ...known, id: "uuid" });
  const none = { id: undefined, time: undefined, domain: undefined, title: undefined };
  for (const json of [undefined, {}, { id: null, domain: 1, timestamp: "x", meta: [] }]) {
    assertEquals(identityOf(json), none);
  }
});
