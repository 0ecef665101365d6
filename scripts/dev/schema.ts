/**
 * Prints the JSON Schema of the record's value. This command writes the one in the tree:
 * `deno task -q schema > lib/edits/message/edit.schema.json`.
 */
import { z } from "zod";
import { program, runMain } from "../../lib/cli/program.ts";
import { editSchema } from "../../lib/edits/message/edit.ts";
import { writeOutput } from "../../lib/terminal/output.ts";

/** Returns the JSON Schema (draft 2020-12) of the message, generated from its zod schema. */
export function editJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(editSchema), null, 2)}\n`;
}

export const main = program({
  usage: "deno task schema",
  summary: "Prints the JSON Schema of the record's nine fields (--payload edit).",
  examples: [["deno task -q schema > edit.schema.json", "Writes it to a file"]],
  groups: [],
  run: () => Promise.resolve(writeOutput(editJsonSchema())),
});

if (import.meta.main) await runMain(main);
