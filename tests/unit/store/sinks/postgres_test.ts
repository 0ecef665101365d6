import { assertEquals } from "@std/assert";
import { arrayLiteral } from "../../../../lib/store/sinks/postgres.ts";

Deno.test("arrayLiteral() quotes only texts", () => {
  assertEquals(arrayLiteral([]), "{}");
  assertEquals(arrayLiteral([1, 2n ** 63n - 1n, null, true]), "{1,9223372036854775807,NULL,true}");
  assertEquals(
    arrayLiteral(["", "NULL", null, 'a "b" \\ {c},d']),
    String.raw`{"","NULL",NULL,"a \"b\" \\ {c},d"}`,
  );
});
