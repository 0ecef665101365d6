import { z } from "zod";
import { editSchema } from "./edit.ts";
import type { Field } from "./fields.ts";
import { type UpstreamType, upstreamType } from "./upstream_types.ts";

/** An Avro schema in its JSON form, as far as it is used here. */
export type AvroType =
  | string
  | readonly AvroType[]
  | { readonly type: "enum"; readonly name: string; readonly symbols: readonly string[] }
  | { readonly type: "array"; readonly items: AvroType };

/** The Avro schema of a record. */
export interface AvroRecord {
  /** The kind of schema. */
  readonly type: "record";
  /** The record's name: a legal Avro name. */
  readonly name: string;
  /** Qualifies the name. */
  readonly namespace: string;
  /** The description of the record. */
  readonly doc: string;
  /** The fields, in the order of the message. */
  readonly fields: readonly AvroField[];
}

interface AvroField {
  readonly name: string;
  readonly type: AvroType;
  readonly default?: null;
  readonly doc?: string;
}

const NAMESPACE = "wikitap";

/** Returns the Avro schema of the nine-field message, generated from its zod schema. */
export function editAvroSchema(): AvroRecord {
  const { title, description } = editSchema.meta() ?? {};
  return {
    type: "record",
    name: title!,
    namespace: NAMESPACE,
    doc: description!,
    fields: Object.entries(editSchema.shape).map(([name, field]) =>
      fieldOf(name, typeOf(field, name), field.description)
    ),
  };
}

/**
 * Returns the Avro schema of custom fields. Each field has the type that upstream's schemas give
 * its path, or null. A path without a known type is a union of null, boolean, double and string.
 *
 * Names contain letters, digits and `_` only: `length.new` becomes `length_new`.
 */
export function fieldsAvroSchema(fields: readonly Field[]): AvroRecord {
  return {
    type: "record",
    name: "Event",
    namespace: NAMESPACE,
    doc: "Fields of an event of Wikimedia EventStreams",
    fields: fields.map(({ path, name }) =>
      fieldOf(avroName(name), ["null", ...UNIONS[upstreamType(path)]], path)
    ),
  };
}

/** Returns a name in the form that Avro allows (specification, "Names"). */
export function avroName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_]/g, "_").replace(/^(?=\d)/, "_");
}

const UNIONS: Readonly<Record<UpstreamType, readonly AvroType[]>> = {
  string: ["string"],
  long: ["long"],
  boolean: ["boolean"],
  strings: [{ type: "array", items: "string" }],
  any: ["boolean", "double", "string"],
};

/** A nullable field is null by default, so that it can be added or removed later. */
function fieldOf(name: string, type: AvroType, doc: string | undefined): AvroField {
  return {
    name,
    type,
    ...Array.isArray(type) ? { default: null } : {},
    ...doc === undefined ? {} : { doc },
  };
}

function typeOf(schema: z.ZodType, name: string): AvroType {
  if (schema instanceof z.ZodNullable) return ["null", typeOf(schema.unwrap() as z.ZodType, name)];
  if (schema instanceof z.ZodEnum) {
    return { type: "enum", name: pascalCase(name), symbols: schema.options.map(String) };
  }
  if (schema instanceof z.ZodNumberFormat && schema.isInt) return "long";
  if (schema instanceof z.ZodString || schema instanceof z.ZodStringFormat) return "string";
  throw new Error(`Cannot map the field '${name}' to an Avro type`);
}

function pascalCase(name: string): string {
  return name.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
