/** Checks the messages of Deno's own fetch on which the meaning of a failure depends. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { describe, StreamUnavailable } from "../../../../lib/upstream/connection/failure.ts";
import { openResponse } from "../../../../lib/upstream/connection/response.ts";
import { freePort } from "../../../../lib/local/process/ports.ts";
import { createAuthority } from "../../../support/tools/certificates.ts";

const authority = createAuthority("wikitap-test");

type Serving = Partial<Deno.TlsCertifiedKeyPem>;

/** Returns the failure of a request to a server, without the port in its text. */
async function failureAt(
  path: string,
  handler: (request: Request) => Response | Promise<Response>,
  { tls = {}, scheme = "http", trusts = [] }: {
    readonly tls?: Serving;
    readonly scheme?: string;
    readonly trusts?: readonly string[];
  } = {},
): Promise<[reason: string, text: string]> {
  const options = { port: 0, hostname: "127.0.0.1", onListen: () => {}, ...tls };
  const server = Deno.serve(options as Deno.ServeTcpOptions, handler);
  using client = Deno.createHttpClient({ caCerts: [...trusts] });
  const { port } = server.addr as Deno.NetAddr;
  try {
    const error = await assertRejects(
      () =>
        openResponse(new URL(`${scheme}://127.0.0.1:${port}${path}`), {
          headers: { "user-agent": "test" },
          signal: AbortSignal.timeout(10_000),
          client,
        }),
      StreamUnavailable,
    );
    return [error.reason, describe(error).replaceAll(String(port), "PORT")];
  } finally {
    await server.shutdown();
  }
}

const redirect = (location: string) => () =>
  new Response(null, { status: 302, headers: { location } });
const nothing = () => new Response();

Deno.test("openResponse() reports a redirect that cannot be followed", async () => {
  const reason = async (location: string) => (await failureAt("/a", redirect(location)))[0];
  assertEquals(await reason("/b"), "http_3xx");
  assertEquals(await reason("ftp://127.0.0.1/"), "http_3xx");
  assertEquals(await reason("http://["), "http_3xx");
  assertEquals(await failureAt("/a", () => new Response(null, { status: 302 })), [
    "http_3xx",
    "http://127.0.0.1:PORT answered 302",
  ]);
});

Deno.test("openResponse() names the server that answered after a redirect", async () => {
  const other = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => new Response("<html>", { headers: { "content-type": "text/html" } }),
  );
  try {
    const { origin } = new URL(`http://127.0.0.1:${other.addr.port}`);
    assertEquals(await failureAt("/a", redirect(`${origin}/login?to=secret`)), [
      "not_event_stream",
      `${origin}/login is not an event stream: its content type is 'text/html'`,
    ]);
  } finally {
    await other.shutdown();
  }
});

Deno.test("openResponse() explains untrusted, expired and foreign certificates", async () => {
  const tls = authority.issue({ name: "a", hosts: ["127.0.0.1"] });
  const expired = authority.issue({ name: "a", hosts: ["127.0.0.1"], days: -3 });
  const foreign = authority.issue({ name: "a", hosts: ["other.test"] });
  const reason = async (tls: Serving, trusts: readonly string[]) =>
    (await failureAt("/", nothing, { tls, trusts, scheme: "https" }))[0];
  assertEquals(await reason(tls, []), "certificate");
  assertEquals(await reason(expired, [authority.cert]), "certificate");
  assertEquals(await reason(foreign, [authority.cert]), "certificate");
});

Deno.test("openResponse() explains a wrong scheme", async () => {
  const tls = authority.issue({ name: "a", hosts: ["127.0.0.1"] });
  assertEquals((await failureAt("/", nothing, { tls, scheme: "http" }))[0], "not_event_stream");
  assertEquals((await failureAt("/", nothing, { scheme: "https" }))[0], "not_event_stream");
});

Deno.test("openResponse() explains a refused connection and a blocked port", async () => {
  const failure = async (port: number) => {
    const open = () =>
      openResponse(new URL(`http://127.0.0.1:${port}/`), {
        headers: {},
        signal: AbortSignal.timeout(10_000),
      });
    const error = await assertRejects(open, StreamUnavailable);
    return [error.reason, describe(error)];
  };
  const port = freePort();
  const [reason, text = ""] = await failure(port);
  assertEquals(reason, "unreachable");
  assertMatch(text, /^Cannot reach http:\/\/127\.0\.0\.1:\d+: .*Connection refused/);
  assertEquals((await failure(7))[0], "not_permitted");
});

Deno.test("openResponse() requests no compression", async () => {
  const seen: (string | null)[] = [];
  await failureAt("/", (request) => {
    seen.push(request.headers.get("accept-encoding"));
    return new Response();
  });
  assertEquals(seen, ["identity"]);
});
