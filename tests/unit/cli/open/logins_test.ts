import { assertEquals, assertThrows } from "@std/assert";
import { openRegistry } from "../../../../lib/cli/open/logins.ts";
import { UsageError } from "../../../../lib/shared/error.ts";
import { gatherLog } from "../../../support/programs/logged.ts";

const open = (url: string | undefined, auth = "") =>
  openRegistry(
    { schemaRegistry: url === undefined ? undefined : new URL(url) },
    (name) => name === "SCHEMA_REGISTRY_AUTH" ? auth : undefined,
  );

Deno.test("openRegistry() returns undefined if the options name none", () => {
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
