import { assertEquals } from "@std/assert";
import { freePort, isFree } from "../../../../lib/local/process/ports.ts";

Deno.test("freePort() returns each port only once", () => {
  // Among 1,000 random ones of 21,000, some would be equal.
  const ports = Array.from({ length: 1000 }, freePort);
  assertEquals(new Set(ports).size, 1000);
});

Deno.test("isFree() returns whether a process listens on a port", () => {
  const port = freePort();
  {
    using _listener = Deno.listen({ hostname: "127.0.0.1", port });
    assertEquals(isFree(port), false);
  }
  assertEquals(isFree(port), true);
});
