/**
 * Prints the JSON Schema of the record's value. This command writes the one in the tree:
 * `deno task -q schema > lib/edits/message/edit.schema.json`.
 */
import { program, runMain } from "../../lib/cli/program.ts";
import { editJsonSchema } from "../../lib/edits/message/schema.ts";
import { writeOutput } from "../../lib/terminal/output.ts";

export const main = program({
  usage: "deno task schema",
  summary: "Prints the JSON Schema of the record's nine fields (--payload edit).",
  examples: [["deno task -q schema > edit.schema.json", "Writes it to a file"]],
  groups: [],
  run: () => Promise.resolve(writeOutput(editJsonSchema())),
});

if (import.meta.main) await runMain(main);
