import { assert, assertEquals } from "@std/assert";
import { exchange } from "../../../../lib/local/kafka/exchange.ts";
import { sleep } from "../../../../lib/shared/sleep.ts";

/** The time limit of a request in ms, by `exchange()`, plus a margin for a slow machine. */
const LIMIT = 2000 + 3000;

Deno.test("exchange() returns undefined after 2 s without a connection", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
  const { hostname, port } = listener.addr;
  const over = new AbortController();
  // The system accepts one or two connections for a program that accepts none. The others wait.
  const others = Array.from(
    { length: 4 },
    () => Deno.connect({ hostname, port, signal: over.signal }).catch(() => undefined),
  );
  try {
    const begun = performance.now();
    const answer = exchange(port, new Uint8Array(1));
    const tooLate = sleep(LIMIT, over.signal).then(() => "too late");
    assertEquals(await Promise.race([answer, tooLate]), undefined);
    assert(performance.now() - begun >= 1900);
  } finally {
    over.abort();
    for (const connection of await Promise.all(others)) connection?.close();
  }
});
