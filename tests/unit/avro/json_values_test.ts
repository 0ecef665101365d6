import { assert, assertEquals, assertRejects } from "@std/assert";
import avsc from "avsc";
import { avroDecoder, UndecodableValue } from "../../../lib/avro/decoder.ts";
import { jsonValues } from "../../../lib/avro/json_values.ts";
import { NoSchema } from "../../../lib/avro/registry.ts";
import { HEADER_BYTES, schemaIdOf, writeHeader } from "../../../lib/avro/wire.ts";
import { UserError } from "../../../lib/shared/error.ts";

const SCHEMA = {
  type: "record" as const,
  name: "Page",
  fields: [{ name: "title", type: "string" }, { name: "size", type: ["null", "long"] }],
};
const type = avsc.Type.forSchema(SCHEMA as avsc.Schema);

function avro(id: number, value: unknown): Uint8Array {
  const body = type.toBuffer(value);
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  writeHeader(bytes, id);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

const text = (json: string) => new TextEncoder().encode(json);
const textOf = (bytes: Uint8Array | null) => bytes && new TextDecoder().decode(bytes);

/** A registry with the schema 1 and an invalid schema 2, which records its requests. */
function source() {
  const asked: number[] = [];
  const schema = (id: number) => {
    asked.push(id);
    if (id === 1) return Promise.resolve(JSON.stringify(SCHEMA));
    if (id === 2) return Promise.resolve('{"type":"nothing"}');
    return Promise.reject(new NoSchema(`the registry has no schema ${id}`));
  };
  return { schema, asked };
}

Deno.test("schemaIdOf() recognizes Avro", () => {
  assertEquals(schemaIdOf(avro(0xfffffffe, { title: "", size: null })), 0xfffffffe);
  for (const other of ["", "\0", "\0abc", '{"a":1}', " {}"]) {
    assertEquals(schemaIdOf(text(other)), undefined);
  }
  const within = new Uint8Array([9, 9, 0, 0, 0, 0, 5, 1]).subarray(2);
  assertEquals(schemaIdOf(within), 5);
});

Deno.test("jsonValues() converts Avro to JSON, in a topic with both", async () => {
  const registry = source();
  const records = [
    { offset: "0", value: text('{"title":"b"}') },
    { offset: "1", value: avro(1, { title: "é\n", size: 5 }) },
    { offset: "2", value: null },
    { offset: "3", value: avro(1, { title: "", size: null }) },
  ];
  const read = await jsonValues(registry)(records);
  assertEquals(read.map(({ offset, value }) => [offset, textOf(value)]), [
    ["0", '{"title":"b"}'],
    ["1", '{"title":"é\\n","size":5}'],
    ["2", null],
    ["3", '{"title":"","size":null}'],
  ]);
  assertEquals(registry.asked, [1]);
});

Deno.test("jsonValues() returns JSON unchanged, and without a promise", () => {
  const records = [{ value: text("{}") }, { value: null }, { value: text("\0") }];
  assert(jsonValues(source())(records) === records);
});

Deno.test("jsonValues() returns undecodable Avro unchanged", async () => {
  const good = avro(1, { title: "abc", size: null });
  const bad = [
    avro(2, { title: "", size: 1 }),
    avro(99, { title: "", size: 1 }),
    good.subarray(0, 7),
    new Uint8Array([...good, 0]),
  ];
  for (const value of bad) {
    assertEquals((await jsonValues(source())([{ value }]))[0]!.value, value);
  }
  assertEquals((await jsonValues(undefined)([{ value: good }]))[0]!.value, good);
});

Deno.test("jsonValues() rejects while the registry is unreachable, then retries", async () => {
  let isAway = true;
  const registry = source();
  const schema = (id: number) =>
    isAway ? Promise.reject(new UserError("away")) : registry.schema(id);
  const readable = jsonValues({ schema });
  const records = [{ value: avro(1, { title: "a", size: 1 }) }];
  await assertRejects(async () => await readable(records), UserError, "away");
  isAway = false;
  assertEquals(textOf((await readable(records))[0]!.value), '{"title":"a","size":1}');
});

Deno.test("avroDecoder() requests an unknown id again after a minute", async () => {
  let now = 0;
  const registry = source();
  const decode = avroDecoder(registry, () => now);
  const value = avro(5, { title: "", size: 1 });
  const isUndecodable = () =>
    assertRejects(async () => await decode(value, 5), UndecodableValue, "no schema 5");
  await isUndecodable();
  now = 59_999;
  await isUndecodable();
  assertEquals(registry.asked, [5]);
  now = 60_001;
  await isUndecodable();
  assertEquals(registry.asked, [5, 5]);
});

Deno.test("avroDecoder() fetches a schema once for simultaneous values", async () => {
  const registry = source();
  const decode = avroDecoder(registry);
  const value = avro(1, { title: "a", size: 1 });
  await Promise.all([decode(value, 1), decode(value, 1)]);
  assertEquals(registry.asked, [1]);
  assertEquals({ ...(decode(value, 1) as object) }, { title: "a", size: 1 });
});
