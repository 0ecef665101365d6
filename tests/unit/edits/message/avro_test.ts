import { assert, assertEquals, assertThrows } from "@std/assert";
import avsc from "avsc";
import { HEADER_BYTES, schemaIdOf } from "../../../../lib/avro/wire.ts";
import {
  avroEncoder,
  type AvroPayload,
  avroPreview,
  avroSchema,
} from "../../../../lib/edits/message/avro.ts";
import { toEdit } from "../../../../lib/edits/message/edit.ts";
import { parseField } from "../../../../lib/edits/message/fields.ts";
import { type Event, RejectedEvent } from "../../../../lib/upstream/parse/event.ts";
import { change, pageChange } from "../../../support/stream/events.ts";

const SCHEMA_ID = 0x01020304;

function fields(...paths: string[]): AvroPayload {
  return { fields: paths.map(parseField) };
}

/** Encodes a value, and decodes it with the schema for the registry. */
function roundTrip(event: Event, payload: AvroPayload): unknown {
  const bytes = avroEncoder(payload, SCHEMA_ID).encode(event) as Uint8Array;
  assertEquals(schemaIdOf(bytes), SCHEMA_ID);
  const type = avsc.Type.forSchema(JSON.parse(avroSchema(payload)));
  const read = { ...type.fromBuffer(Buffer.from(bytes).subarray(HEADER_BYTES)) };
  assertEquals(JSON.parse(avroPreview(payload).encode(event) as string), read);
  return read;
}

Deno.test("avroSchema() generates the nine fields from their zod schema", () => {
  const schema = JSON.parse(avroSchema("edit"));
  assertEquals([schema.type, schema.namespace, schema.name], ["record", "wikitap", "Edit"]);
  const nullable = (type: string) => ["null", type];
  assertEquals(
    schema.fields.map(({ name, type }: { name: string; type: unknown }) => [name, type]),
    [
      ["id", nullable("long")],
      ["domain", "string"],
      ["namespace", "string"],
      ["title", "string"],
      ["timestamp", "string"],
      ["user_name", nullable("string")],
      ["user_type", { type: "enum", name: "UserType", symbols: ["bot", "human"] }],
      ["old_length", nullable("long")],
      ["new_length", nullable("long")],
    ],
  );
  assertEquals(schema.fields[0].default, null);
  assertEquals("default" in schema.fields[1], false);
  assert(schema.fields.every(({ doc }: { doc?: string }) => doc !== undefined));
});

Deno.test("avroSchema() has upstream's types, and names legal in Avro", () => {
  const payload = fields("length.new", "title=Titel", "bot", "log_params", "1", "$schema");
  const schema = JSON.parse(avroSchema(payload));
  assertEquals(
    schema.fields.map(({ name, type }: { name: string; type: unknown }) => [name, type]),
    [
      ["length_new", ["null", "long"]],
      ["Titel", ["null", "string"]],
      ["bot", ["null", "boolean"]],
      ["log_params", ["null", "boolean", "double", "string"]],
      ["_1", ["null", "boolean", "double", "string"]],
      ["_schema", ["null", "string"]],
    ],
  );
});

Deno.test("avroEncoder() writes the same values as JSON", () => {
  for (
    const event of [
      change({ id: 2 ** 40, title: "🦊 \u200f«Ω»", user: "" }),
      change({ id: null, user: undefined, length: undefined, bot: true, namespace: 2600 }),
    ]
  ) assertEquals(roundTrip(event, "edit"), { ...toEdit(event) });
});

Deno.test("avroEncoder() grows its buffer, and its values share no memory", () => {
  const { encode } = avroEncoder("edit", SCHEMA_ID);
  const small = encode(change()) as Uint8Array;
  const before = small.slice();
  const large = encode(change({ title: "x".repeat(100_000) })) as Uint8Array;
  assert(large.length > 100_000);
  assertEquals(small, before);
  assertEquals(encode(change()), before);
});

Deno.test("avroEncoder() keeps types of fields, and objects as their JSON", () => {
  const event = change({ log_params: { a: [1.5] }, patrolled: true, own: 0.5, other: false });
  assertEquals(
    roundTrip(event, fields("title", "length.new", "patrolled", "log_params", "own", "other", "x")),
    {
      title: "Example",
      length_new: 120,
      patrolled: true,
      log_params: '{"a":[1.5]}',
      own: 0.5,
      other: false,
      x: null,
    },
  );
  const groups = pageChange({ performer: { groups: ["bot", "*"] } });
  assertEquals(roundTrip(groups, fields("performer.groups")), { performer_groups: ["bot", "*"] });
});

const HALF_PAIR = "\ud83e";

const refused: [string, AvroPayload, Record<string, unknown>, string][] = [
  ["half a surrogate pair", "edit", { title: HALF_PAIR }, "wrong shape: title"],
  ["an integer that Avro's reader rounds", "edit", { id: 2 ** 53 - 1 }, "does not match the Avro"],
  ["text for a number", fields("length.new"), { length: { new: "1" } }, "wrong shape: length.new"],
  ["a fraction for an integer", fields("id"), { id: 1.5 }, "wrong shape: id"],
  ["a number for text", fields("title"), { title: 1 }, "wrong shape: title"],
  ["half a pair in a field", fields("own"), { own: HALF_PAIR }, "wrong shape: own"],
  ["text for a switch", fields("bot"), { bot: "yes" }, "wrong shape: bot"],
];

for (const [name, payload, own, message] of refused) {
  Deno.test(`avroEncoder() rejects ${name}`, () => {
    const { encode } = avroEncoder(payload, SCHEMA_ID);
    assertThrows(() => encode(change(own)), RejectedEvent, message);
    assertEquals((encode(change()) as Uint8Array).length > HEADER_BYTES, true);
  });
}

/** The result of JSON.parse for 1e400. */
const beyond: [string, AvroPayload, Record<string, unknown>, string][] = [
  ["a field", fields("own"), { own: Infinity }, "wrong shape: own"],
  ["a list within a field", fields("own"), { own: [{ a: -Infinity }] }, "wrong shape: own"],
  ["a field of integers", fields("id"), { id: Infinity }, "wrong shape: id"],
  ["the nine fields", "edit", { id: Infinity }, "wrong shape: id"],
];

for (const [name, payload, own, message] of beyond) {
  Deno.test(`avroEncoder() rejects a number beyond doubles in ${name}`, () => {
    const event = change();
    const { encode } = avroEncoder(payload, SCHEMA_ID);
    const large = { ...event, body: { ...event.body, ...own } };
    assertThrows(() => encode(large), RejectedEvent, message);
  });
}
