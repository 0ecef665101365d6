import { assert, assertEquals, assertRejects } from "@std/assert";
import { freePort } from "../../../../../lib/local/process/ports.ts";
import { UserError } from "../../../../../lib/shared/error.ts";
import { SinkUnavailable } from "../../../../../lib/store/sink.ts";
import { Busy, Http } from "../../../../../lib/store/sinks/opensearch/http.ts";
import { fakeOpenSearch } from "../../../../support/databases/fake_opensearch.ts";

const LOGIN = "me:hush-hush";

const html = (status: number) =>
  new Response("<html>\n<title>Gateway</title>", {
    status,
    headers: { "content-type": "text/html" },
  });

const error = (status: number, type: string, reason: string) =>
  Response.json({ error: { type, reason }, status }, { status });

/** Sends a request to a server with this answer. Returns the error. */
async function failureOf(answer: () => Response, login?: string): Promise<Error> {
  await using server = fakeOpenSearch(answer);
  using http = new Http(server.address, login);
  const failure = await assertRejects(() => http.request("GET", "edits/_mapping"), Error);
  assert(!Deno.inspect(failure).includes("hush"), "shows the password");
  return failure;
}

Deno.test("request() returns status and JSON", async () => {
  await using server = fakeOpenSearch(() => Response.json({ a: 1 }, { status: 404 }));
  using http = new Http(server.address, undefined);
  const answer = await http.request("PUT", "edits", { body: { b: 2 } });
  assertEquals(answer, { status: 404, body: { a: 1 } });
  const [{ method, path, headers, body }] = server.requests as [typeof server.requests[0]];
  assertEquals([method, path, body], ["PUT", "edits", '{"b":2}']);
  assertEquals(headers.get("content-type"), "application/json");
  assertEquals(headers.get("authorization"), null);
});

Deno.test("request() sends lines of JSON unchanged", async () => {
  await using server = fakeOpenSearch(() => Response.json({}));
  using http = new Http(server.address, undefined);
  await http.request("POST", "edits/_bulk", { body: "{}\n" });
  assertEquals(server.requests[0]?.headers.get("content-type"), "application/x-ndjson");
});

Deno.test("request() sends logins of all forms", async () => {
  const cases = [
    ["me:hüsh", "Basic bWU6aMO8c2g="],
    ["ApiKey abc==", "ApiKey abc=="],
    ["Bearer t.o.k", "Bearer t.o.k"],
  ] as const;
  for (const [login, header] of cases) {
    await using server = fakeOpenSearch(() => Response.json({}));
    using http = new Http(server.address, login);
    await http.request("GET", "");
    assertEquals(server.requests[0]?.headers.get("authorization"), header);
  }
});

Deno.test("request() retries temporary failures", async () => {
  const cut = () => new Response('{"items":[', { headers: { "content-type": "application/json" } });
  const cases = [
    [() => html(200), 'HTTP 200, and its answer is not JSON: "<html>\\n<title>Gateway</title>"'],
    [() => html(404), 'HTTP 404, and its answer is not JSON: "<html>\\n<title>Gateway</title>"'],
    [cut, 'HTTP 200, and its answer is not JSON: "{\\"items\\":["'],
    [() => new Response(null), 'HTTP 200, and its answer is not JSON: ""'],
    [() => html(502), "HTTP 502"],
    [() => error(503, "some_exception", "all shards failed"), "HTTP 503: all shards failed"],
    [() => error(429, "some_exception", "x".repeat(999)), `HTTP 429: ${"x".repeat(300)}`],
    [() => error(408, "some_exception", "slow"), "HTTP 408: slow"],
    [
      () => error(403, "cluster_block_exception", "index [edits] blocked by: [FORBIDDEN/8]"),
      "HTTP 403: index [edits] blocked by: [FORBIDDEN/8]",
    ],
  ] as const;
  for (const [answer, message] of cases) {
    const failure = await failureOf(answer, LOGIN);
    assertEquals([failure.message, failure instanceof SinkUnavailable], [message, true]);
  }
});

Deno.test("request() throws UserError for what a person must fix", async () => {
  const cases = [
    [
      () => error(401, "security_exception", "missing token"),
      undefined,
      "HTTP 401: missing token",
      "Set OPENSEARCH_AUTH to user:password",
    ],
    [() => html(401), LOGIN, "HTTP 401", "Check the login in OPENSEARCH_AUTH"],
    [
      () => error(403, "security_exception", "no permissions for [indices:data/write/bulk]"),
      LOGIN,
      "HTTP 403: no permissions for [indices:data/write/bulk]",
      "Grant the user the privileges that docs/operations.md lists",
    ],
    [
      () => new Response(null, { status: 302, headers: { location: "https://login.example/" } }),
      LOGIN,
      "it redirects to 'https://login.example/'",
      "Use the address without a redirect in --database",
    ],
  ] as const;
  for (const [answer, login, what, hint] of cases) {
    const failure = await failureOf(answer, login);
    assert(failure instanceof UserError);
    const message = failure.message.replace(/127\.0\.0\.1:\d+/, "HOST");
    assertEquals(message, `Cannot use opensearch:http://HOST/edits: ${what}`);
    assertEquals(failure.hint, hint);
  }
});

Deno.test("request() does not follow redirects", async () => {
  await using other = fakeOpenSearch(() => Response.json({}));
  await failureOf(() => Response.redirect(`${other.address.url}/`, 307), LOGIN);
  assertEquals(other.requests, []);
});

Deno.test("request() returns a 413 that is not JSON", async () => {
  await using server = fakeOpenSearch(() => html(413));
  using http = new Http(server.address, undefined);
  assertEquals(await http.request("POST", "_bulk"), { status: 413, body: undefined });
});

Deno.test("request() reads at most 32 MiB of an endless answer", async () => {
  const chunk = new Uint8Array(1024 * 1024).fill(0x20);
  let chunks = 0;
  const endless = () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          chunks++;
          controller.enqueue(chunk);
        },
      }),
    );
  const failure = await failureOf(endless);
  assertEquals(failure.message, "its answer is larger than 32 MiB");
  assert(chunks < 64, `${chunks} MiB`);
});

Deno.test("request() gives up a server that does not finish its answer", async () => {
  const halves = [
    () => new Promise<Response>(() => {}),
    () =>
      new Response(new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array(9)) })),
  ];
  for (const answer of halves) {
    const server = fakeOpenSearch(answer);
    const http = new Http(server.address, undefined);
    const failure = await assertRejects(() => http.request("GET", "", { limitMs: 50 }), Busy);
    assertEquals(failure.message, "no answer in 0.05 s");
    http[Symbol.dispose]();
    await server.abort();
  }
});

Deno.test("request() reports an unreachable server", async () => {
  const port = freePort();
  const cases = [
    [`http://127.0.0.1:${port}`, "connection refused"],
    ["http://nowhere.invalid", "the host name cannot be resolved"],
    ["http://127.0.0.1:25", "it is on the Fetch standard's list of blocked ports"],
  ] as const;
  for (const [url, message] of cases) {
    using http = new Http({ kind: "opensearch", url, index: "edits" }, LOGIN);
    const failure = await assertRejects(() => http.request("GET", ""), SinkUnavailable);
    assertEquals(failure.message, message);
  }
});

Deno.test("request() reports a wrong scheme", async () => {
  await using server = fakeOpenSearch(() => Response.json({}));
  const url = server.address.url.replace("http:", "https:");
  using http = new Http({ ...server.address, url }, undefined);
  const failure = await assertRejects(() => http.request("GET", ""), SinkUnavailable);
  assertEquals(failure.message, "it does not speak TLS, expected http:// in the address");
});
