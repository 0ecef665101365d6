import { z } from "zod";
import { editSchema } from "./edit.ts";

/**
 * The JSON Schema (draft 2020-12) of the message, made from its zod source. It is kept beside this
 * file as `edit.schema.json`: `deno task schema` writes it.
 */
export function editJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(editSchema), null, 2)}\n`;
}
