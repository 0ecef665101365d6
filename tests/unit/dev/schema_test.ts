import { assertEquals } from "@std/assert";
import { editSchema } from "../../../lib/edits/message/edit.ts";
import { editJsonSchema } from "../../../scripts/dev/schema.ts";

Deno.test("edit.schema.json is the result of editJsonSchema()", async () => {
  const file = new URL("../../../lib/edits/message/edit.schema.json", import.meta.url);
  assertEquals(
    await Deno.readTextFile(file),
    editJsonSchema(),
    "Run `deno task -q schema > lib/edits/message/edit.schema.json`",
  );
});

Deno.test("editJsonSchema() requires exactly the nine fields", () => {
  const schema = JSON.parse(editJsonSchema());
  assertEquals(schema.required, Object.keys(editSchema.shape));
  assertEquals(Object.keys(schema.properties), Object.keys(editSchema.shape));
  assertEquals(schema.additionalProperties, false);
});
