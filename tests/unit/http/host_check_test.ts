import { assertEquals } from "@std/assert";
import { isOwnHost } from "../../../lib/http/host_check.ts";

for (
  const [host, hostname, expected] of [
    ["127.0.0.1:8080", "127.0.0.1", true],
    ["localhost:8080", "127.0.0.1", true],
    ["LOCALHOST", "127.0.0.1", true],
    ["page.localhost:8080", "127.0.0.1", true],
    ["[::1]:8080", "::1", true],
    ["127.0.0.1:8080", "localhost", true],
    ["rebound.example:8080", "127.0.0.1", false],
    ["127.0.0.1.example", "127.0.0.1", false],
    ["notlocalhost", "localhost", false],
    [null, "127.0.0.1", false],
    ["stats.example", "0.0.0.0", true],
  ] as const
) {
  Deno.test(`isOwnHost() is ${expected} for '${host}' on '${hostname}'`, () => {
    assertEquals(isOwnHost(host, hostname), expected);
  });
}
