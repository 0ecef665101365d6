import { Buffer } from "node:buffer";
import avsc from "avsc";
import { HEADER_BYTES, writeHeader } from "../../avro/wire.ts";
import { type Event, RejectedEvent } from "../../upstream/parse/event.ts";
import { avroName, type AvroRecord, editAvroSchema, fieldsAvroSchema } from "./avro_schema.ts";
import { toEdit } from "./edit.ts";
import type { Encoder, Payload } from "./encoder.ts";
import { type OnLacking, readFields } from "./fields.ts";
import { type UpstreamType, upstreamType } from "./upstream_types.ts";

/** A payload that Avro can encode. The upstream event has no single schema. */
export type AvroPayload = Exclude<Payload, "event">;

/** Returns the Avro schema of a payload, as JSON. */
export function avroSchema(payload: AvroPayload): string {
  return JSON.stringify(recordOf(payload));
}

/**
 * Returns the encoder of a payload in Avro, in the wire format of schema registries. It sends no
 * request: register the schema first.
 *
 * It throws `RejectedEvent` for a value that the schema cannot hold: a value of another type than
 * upstream declares, an integer of 2^53 - 1 or more, or text with a lone surrogate.
 *
 * @param schemaId The id of `avroSchema(payload)` in the registry.
 * @param onLacking Called with paths of `--fields` that no event had.
 */
export function avroEncoder(
  payload: AvroPayload,
  schemaId: number,
  onLacking?: OnLacking,
): Encoder {
  const valuesOf = valuesReader(payload, onLacking);
  const write = writer(recordOf(payload), schemaId);
  return { contentType: "application/avro", encode: (event) => write(valuesOf(event)) };
}

/** Returns an encoder that rejects what the Avro encoder rejects, and writes the others as JSON. */
export function avroPreview(payload: AvroPayload, onLacking?: OnLacking): Encoder {
  const valuesOf = valuesReader(payload, onLacking);
  const write = writer(recordOf(payload), 0);
  const encode = (event: Event) => {
    const values = valuesOf(event);
    write(values);
    return JSON.stringify(values);
  };
  return { contentType: "application/avro", encode };
}

function valuesReader(
  payload: AvroPayload,
  onLacking: OnLacking | undefined,
): (event: Event) => Values {
  return payload === "edit" ? editValues : fieldValues(payload.fields, onLacking);
}

function recordOf(payload: AvroPayload): AvroRecord {
  return payload === "edit" ? editAvroSchema() : fieldsAvroSchema(payload.fields);
}

/** Encodes into one reused buffer and copies the result: one allocation per value. */
function writer(record: AvroRecord, schemaId: number): (values: Values) => Uint8Array {
  const type = avsc.Type.forSchema(record as avsc.Schema);
  let scratch = newScratch(4096, schemaId);
  return (values) => {
    let end = encodeTo(scratch, type, values);
    if (end < 0) {
      // `-end` bytes were missing.
      scratch = newScratch(2 * (scratch.length - end), schemaId);
      end = encodeTo(scratch, type, values);
    }
    return Uint8Array.prototype.slice.call(scratch, 0, end);
  };
}

function newScratch(size: number, schemaId: number): Buffer {
  const scratch = Buffer.alloc(size);
  writeHeader(scratch, schemaId);
  return scratch;
}

function encodeTo(scratch: Buffer, type: avsc.Type, values: Values): number {
  try {
    return type.encode(values, scratch, HEADER_BYTES);
  } catch (cause) {
    throw new RejectedEvent("wrong shape: does not match the Avro schema", { cause });
  }
}

type Values = Readonly<Record<string, unknown>>;

function editValues(event: Event): Values {
  const edit = toEdit(event);
  for (const [name, value] of Object.entries(edit)) {
    if (typeof value === "string" && !value.isWellFormed()) {
      throw new RejectedEvent(`wrong shape: ${name}`);
    }
  }
  return edit;
}

function fieldValues(
  fields: Exclude<AvroPayload, "edit">["fields"],
  onLacking: OnLacking | undefined,
): (event: Event) => Values {
  const read = readFields(fields, onLacking);
  const columns = fields.map(({ path, name }) => ({
    path,
    name: avroName(name),
    convert: CONVERTERS[upstreamType(path)],
  }));
  return (event) => {
    const values = read(event);
    const record: Record<string, unknown> = {};
    columns.forEach(({ path, name, convert }, index) => {
      const value = values[index];
      const converted = value === null ? null : convert(value);
      if (converted === undefined) throw new RejectedEvent(`wrong shape: ${path}`);
      record[name] = converted;
    });
    return record;
  };
}

/** Convert a value to its form in the record; `undefined` for a value of another type. */
const CONVERTERS: Readonly<Record<UpstreamType, (value: unknown) => unknown>> = {
  string: text,
  long: (value) => Number.isSafeInteger(value) ? value : undefined,
  boolean: (value) => typeof value === "boolean" ? value : undefined,
  strings: (value) =>
    Array.isArray(value) && value.every((item) => text(item) !== undefined) ? value : undefined,
  // Objects and lists have no single shape, so their JSON is written as text.
  any: (value) => {
    if (typeof value === "object") return JSON.stringify(value);
    return typeof value === "string" ? text(value) : value;
  },
};

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.isWellFormed() ? value : undefined;
}
