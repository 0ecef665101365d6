import { assertEquals } from "@std/assert";
import { canonicalValue, differingFields } from "../../../lib/verify/values.ts";

const textOf = (value: Uint8Array) => new TextDecoder().decode(value);

Deno.test("canonicalValue() orders fields and drops spaces and escapes", () => {
  const json = JSON.parse('{ "b": "\\u00e4", "c": [1, 2], "a": null }');
  assertEquals(textOf(canonicalValue(json, ["a", "b", "x"])), '{"a":null,"b":"ä","c":[1,2]}');
  assertEquals(textOf(canonicalValue(json)), '{"b":"ä","c":[1,2],"a":null}');
});

Deno.test("differingFields() returns paths, even of fields that one value lacks", () => {
  const one = { a: 1, b: { c: 1, d: [1] }, e: null };
  assertEquals(differingFields(one, { a: 1, b: { c: 2, d: [1] } }), ["b.c", "e"]);
  assertEquals(differingFields(one, one), []);
  assertEquals(differingFields({ a: 1 }, { a: "1" }), ["a"]);
});
