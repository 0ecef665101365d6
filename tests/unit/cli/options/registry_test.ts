import { assertEquals, assertThrows } from "@std/assert";
import { parseOptions } from "../../../../lib/cli/option.ts";
import { openRegistry, registryOptions } from "../../../../lib/cli/options/registry.ts";
import { UsageError } from "../../../../lib/shared/error.ts";
import { gatherLog } from "../../../support/programs/logged.ts";

const open = (url: string | undefined, auth = "") =>
  openRegistry(
    { schemaRegistry: url === undefined ? undefined : new URL(url) },
    (name) => name === "SCHEMA_REGISTRY_AUTH" ? auth : undefined,
  );

Deno.test("openRegistry() opens none where the flags name none", () => {
  assertEquals(open(undefined, "nonsense"), undefined);
  assertEquals(open("https://registry.test/api")?.address, "https://registry.test/api");
});

Deno.test("openRegistry() throws UsageError for a bad login without showing it", () => {
  const error = assertThrows(() => open("https://registry.test/", "hunter2"), UsageError);
  assertEquals(error.message, "Cannot use SCHEMA_REGISTRY_AUTH: expected user:password");
});

Deno.test("openRegistry() warns of a password without TLS, except on loopback", () => {
  using log = gatherLog();
  for (const host of ["localhost", "127.0.0.1:8081", "[::1]"]) open(`http://${host}/`, "a:b");
  open("https://registry.test/", "a:b");
  open("http://registry.test/");
  assertEquals(log.lines, []);
  open("http://registry.test/", "a:b");
  assertEquals(log.lines.length, 1);
});

Deno.test("--schema-registry is a URL without a query", () => {
  const { parse } = registryOptions.options.schemaRegistry;
  assertEquals(parse("http://localhost:8081/apis")?.pathname, "/apis");
  for (const text of ["localhost:8081", "http://a:b@host/", "http://host/?x=1", "http://host/#x"]) {
    assertThrows(() => parse(text), Error, "expected a");
  }
});

Deno.test("--schema-registry names the variable for a password, without it", () => {
  const env = (name: string) =>
    name === "SCHEMA_REGISTRY_URL" ? "https://me:secret@registry.test/" : undefined;
  const error = assertThrows(() => parseOptions([registryOptions], [], env), UsageError);
  assertEquals(
    error.message,
    "Invalid value 'https://…@registry.test/' for SCHEMA_REGISTRY_URL (environment): " +
      "expected a URL without user name and password; set SCHEMA_REGISTRY_AUTH instead",
  );
});
