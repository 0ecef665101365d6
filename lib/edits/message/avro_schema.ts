import { z } from "zod";
import { editSchema } from "./edit.ts";
import type { Field } from "./fields.ts";
import { type UpstreamType, upstreamType } from "./upstream_types.ts";

/** An Avro schema, as its JSON has it; the part of the language that is used here. */
export type AvroType =
  | string
  | readonly AvroType[]
  | { readonly type: "enum"; readonly name: string; readonly symbols: readonly string[] }
  | { readonly type: "array"; readonly items: AvroType };

/** A record of Avro. */
export interface AvroRecord {
  readonly type: "record";
  readonly name: string;
  readonly namespace: string;
  readonly doc: string;
  readonly fields: readonly AvroField[];
}

interface AvroField {
  readonly name: string;
  readonly type: AvroType;
  readonly default?: null;
  readonly doc?: string;
}

const NAMESPACE = "wikitap";

/** The Avro schema of the nine-field message, made from its zod source. */
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
 * The Avro schema of fields of one's own: each of the type that upstream's schemas give its path,
 * or null. Where they give none it is a union of null, boolean, double and string.
 *
 * Names hold letters, digits and `_` only: of `length.new` becomes `length_new`.
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

/** A name as Avro takes it (specification, "Names"). */
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

/** What may be null is null by default, so that a field can be added, or taken away, later on. */
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
  throw new Error(`Cannot say in Avro what '${name}' is`);
}

function pascalCase(name: string): string {
  return name.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
