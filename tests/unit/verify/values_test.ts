import { assertEquals } from "@std/assert";
import {
  canonicalValue,
  differingFields,
  identityOf,
  objectOf,
} from "../../../lib/verify/values.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (value: Uint8Array) => new TextDecoder().decode(value);

Deno.test("objectOf() reads JSON objects, and nothing else", () => {
  assertEquals(objectOf(bytes('{"a":1}')), { a: 1 });
  for (const text of ["", "null", "[1]", '"x"', "{", "\0\0\0\0\x01"]) {
    assertEquals(objectOf(bytes(text)), undefined, text);
  }
  assertEquals(objectOf(new Uint8Array([0x7b, 0xff, 0x7d])), undefined);
  assertEquals(objectOf(null), undefined);
});

Deno.test("canonicalValue() orders fields and drops spaces and escapes", () => {
  const json = objectOf(bytes('{ "b": "\\u00e4", "c": [1, 2], "a": null }'))!;
  assertEquals(textOf(canonicalValue(json, ["a", "b", "x"])), '{"a":null,"b":"ä","c":[1,2]}');
  assertEquals(textOf(canonicalValue(json)), '{"b":"ä","c":[1,2],"a":null}');
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

Deno.test("differingFields() names paths, also of fields that one value lacks", () => {
  const one = { a: 1, b: { c: 1, d: [1] }, e: null };
  assertEquals(differingFields(one, { a: 1, b: { c: 2, d: [1] } }), ["b.c", "e"]);
  assertEquals(differingFields(one, one), []);
  assertEquals(differingFields({ a: 1 }, { a: "1" }), ["a"]);
});
