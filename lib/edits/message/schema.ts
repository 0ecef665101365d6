import { z } from "zod";
import { editSchema } from "./edit.ts";

/**
 * Returns the JSON Schema (draft 2020-12) of the message, generated from its zod schema. A copy is
 * next to this file, `edit.schema.json`. `deno task schema` prints it.
 */
export function editJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(editSchema), null, 2)}\n`;
}
