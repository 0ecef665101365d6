import { assertEquals } from "@std/assert";
import { requestJson } from "../../../lib/avro/request.ts";
import { startRelay } from "../../support/stream/relay.ts";
import { createAuthority } from "../../support/tools/certificates.ts";

Deno.test("requestJson() does not use a dead HTTP/2 connection again", async () => {
  const authority = createAuthority("wikitap-test");
  const tls = authority.issue({ name: "localhost", hosts: ["127.0.0.1"] });
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {}, ...tls },
    () => Response.json(["a"]),
  );
  // The server waits for its connections, which the relay closes.
  await using _server = { [Symbol.asyncDispose]: () => server.shutdown() };
  await using relay = startRelay(server.addr.port);
  const request = () =>
    requestJson(`https://127.0.0.1:${relay.port}/subjects`, {
      method: "GET",
      createClient: () => Deno.createHttpClient({ caCerts: [authority.cert] }),
    });
  assertEquals(await request(), { status: 200, body: ["a"] });
  relay.silence();
  relay.forget();
  assertEquals(await request(), { status: 200, body: ["a"] });
  assertEquals(relay.accepted, 2);
});
