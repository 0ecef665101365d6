import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { IncompatibleSchema, NoSchema, Registry } from "../../../lib/avro/registry.ts";
import { UserError } from "../../../lib/shared/error.ts";
import { inVirtualTime } from "../../support/tools/virtual_time.ts";

/** Starts a registry with prepared answers, which repeats the last one. Returns its requests. */
function registry(answers: (Response | Error)[], auth?: string) {
  const asked: string[] = [];
  const headers: Headers[] = [];
  const fetch = (input: string | URL | Request, init?: RequestInit) => {
    asked.push(`${init?.method} ${input} ${init?.body ?? ""}`.trim());
    headers.push(new Headers(init?.headers));
    const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer.clone());
  };
  const url = new URL("http://registry.test/api/");
  return { registry: new Registry({ url, auth, fetch }), asked, headers };
}

const json = (body: unknown, status = 200) => Response.json(body, { status });
const NO_SUBJECT = json({ error_code: 40401, message: "no subject" }, 404);

Deno.test("Registry.register() registers a missing schema under its subject", async () => {
  const { registry: one, asked } = registry([NO_SUBJECT, json({ id: 7 })]);
  assertEquals(await one.register("a/b-value", '"string"'), 7);
  const body = '{"schema":"\\"string\\""}';
  assertEquals(asked, [
    `POST http://registry.test/api/subjects/a%2Fb-value ${body}`,
    `POST http://registry.test/api/subjects/a%2Fb-value/versions ${body}`,
  ]);
});

Deno.test("Registry.register() writes nothing if the schema exists", async () => {
  const { registry: one, asked } = registry([json({ subject: "s", version: 1, id: 3 })]);
  assertEquals(await one.register("s", '"string"'), 3);
  assertEquals(asked.length, 1);
});

Deno.test("Registry.register() throws for an incompatible schema", async () => {
  const refusal = json({ error_code: 409, message: "reader type: LONG" }, 409);
  const { registry: one } = registry([NO_SUBJECT, refusal]);
  const error = await assertRejects(() => one.register("s", "1"), IncompatibleSchema);
  assertEquals(
    error.message,
    "Cannot register the schema of 's': it is incompatible with earlier versions",
  );
  assertEquals(error.details, ["reader type: LONG"]);
});

Deno.test("Registry.schema() returns only Avro schemas", async () => {
  const schemaOf = (body: unknown, status?: number) =>
    registry([json(body, status)]).registry.schema(9);
  assertEquals(await schemaOf({ schema: '"long"', references: [] }), '"long"');
  assertEquals(await schemaOf({ schema: '"long"', schemaType: "AVRO" }), '"long"');
  const refusal = async (body: unknown, status?: number) =>
    (await assertRejects(() => schemaOf(body, status), NoSchema)).message;
  assertEquals(await refusal({}, 404), "the registry has no schema 9");
  assertEquals(await refusal({ schema: "", schemaType: "JSON" }), "schema 9 is JSON, not Avro");
  assertEquals(await refusal({ schema: "", references: [{}] }), "schema 9 refers to others");
});

Deno.test("Registry sends its credentials, and hides them in errors", async () => {
  const { registry: one, headers } = registry([json({ message: "no" }, 401)], "user:sécret");
  const error = await assertRejects(() => one.schema(1), UserError, ": HTTP 401");
  assertStringIncludes(error.hint!, "SCHEMA_REGISTRY_AUTH");
  assertEquals(headers[0]!.get("authorization"), "Basic dXNlcjpzw6ljcmV0");
  assertEquals(Deno.inspect(error).includes("cret"), false);
});

const notRegistries: [string, Response][] = [
  ["a page", new Response("<html>")],
  ["another JSON", json([1])],
  ["an id that is none", json({ id: -1 })],
];

for (const [name, answer] of notRegistries) {
  Deno.test(`Registry rejects ${name} as an answer`, async () => {
    const { registry: one } = registry([answer]);
    await assertRejects(
      () => one.register("s", "1"),
      UserError,
      "its answer is not from a schema registry",
    );
  });
}

Deno.test("Registry rejects an answer of more than 4 MiB", async () => {
  let parts = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => {
      parts++;
      controller.enqueue(new Uint8Array(65_536));
    },
  });
  const fetch = () => Promise.resolve(new Response(body));
  const one = new Registry({ url: new URL("http://registry.test/"), fetch });
  await assertRejects(() => one.schema(1), UserError, "its answer is not from a schema registry");
  assert(parts < 100, `${parts} parts`);
});

Deno.test(
  "Registry retries while it is unreachable, up to its limit",
  inVirtualTime(async () => {
    const away = [new TypeError("connection refused"), json({}, 503)];
    const { registry: one, asked } = registry([...away, json({ schema: "1" })]);
    assertEquals(await one.schema(1), "1");
    assertEquals(asked.length, 3);

    const { registry: gone } = registry([new TypeError("connection refused")]);
    const started = performance.now();
    const error = await assertRejects(() => gone.schema(1, { retryForMs: 60_000 }), UserError);
    assertEquals(error.message, "Cannot reach the schema registry at http://registry.test/api/");
    const waited = performance.now() - started;
    assert(waited > 55_000 && waited <= 60_000, `${waited} ms`);
  }),
);

Deno.test("Registry stops retrying when its signal is aborted", async () => {
  const { registry: gone } = registry([json({}, 500)]);
  const stop = new AbortController();
  const asking = gone.schema(1, { retryForMs: 60_000, signal: stop.signal });
  stop.abort();
  await assertRejects(() => asking, UserError, "Cannot reach");
});
