import { assertEquals, assertThrows } from "@std/assert";
import { parseOptions } from "../../../../lib/cli/option.ts";
import { registryOptions } from "../../../../lib/cli/options/registry.ts";
import { UsageError } from "../../../../lib/shared/error.ts";

Deno.test("--schema-registry accepts a URL without a query", () => {
  const { parse } = registryOptions.options.schemaRegistry;
  assertEquals(parse("http://localhost:8081/apis")?.pathname, "/apis");
  for (const text of ["localhost:8081", "http://a:b@host/", "http://host/?x=1", "http://host/#x"]) {
    assertThrows(() => parse(text), Error, "expected a");
  }
});

Deno.test("--schema-registry rejects a password, and names its variable", () => {
  const env = (name: string) =>
    name === "SCHEMA_REGISTRY_URL" ? "https://me:secret@registry.test/" : undefined;
  const error = assertThrows(() => parseOptions([registryOptions], [], env), UsageError);
  assertEquals(
    error.message,
    "Cannot use the value 'https://…@registry.test/' for SCHEMA_REGISTRY_URL (environment): " +
      "expected a URL without user name and password; set SCHEMA_REGISTRY_AUTH instead",
  );
});
