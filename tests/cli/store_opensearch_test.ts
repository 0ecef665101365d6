import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { testOpenSearch } from "../support/databases/opensearch.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { editMessages, editOf, publish } from "../support/kafka/records.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { runProgram, startProgram } from "../support/programs/program.ts";
import { createAuthority } from "../support/tools/certificates.ts";
import { testFolder } from "../support/tools/folder.ts";

const brokers = await testKafka();
const server = await testOpenSearch();

const LOGIN = "wikitap:hush-hush";

/** Starts a TLS proxy in front of the server that requires a login. */
function openDoor(certificate: { readonly cert: string; readonly key: string }) {
  const door = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
    ...certificate,
  }, async (request) => {
    if (request.headers.get("authorization") !== `Basic ${btoa(LOGIN)}`) {
      const error = { type: "security_exception", reason: "missing authentication credentials" };
      return Response.json({ error, status: 401 }, { status: 401 });
    }
    const { pathname, search } = new URL(request.url);
    const type = request.headers.get("content-type");
    return await fetch(`${server.url}${pathname}${search}`, {
      method: request.method,
      headers: type === null ? {} : { "content-type": type },
      body: request.body,
    });
  });
  return { port: door.addr.port, [Symbol.asyncDispose]: () => door.shutdown() };
}

Deno.test("store writes to OpenSearch with TLS, and a login from the environment", async () => {
  await using folder = await testFolder();
  const authority = createAuthority("wikitap tests");
  const ca = `${folder.path}/ca.pem`;
  await Deno.writeTextFile(ca, authority.cert);
  await using door = openDoor(authority.issue({ name: "door", hosts: ["localhost"] }));
  const topic = await makeTopic(brokers, { partitions: 1 });
  await publish(brokers, topic, editMessages(0, 50));
  const { index } = server.database();
  const args = [
    ...["--bootstrap-server", brokers, "--topic", topic, "--max-messages", "50"],
    ...["--database", `opensearch:https://localhost:${door.port}/${index}`],
    ...["--log-level", "debug"],
  ];
  const permissions = ["-P=store", "--allow-net=127.0.0.1,localhost"];
  const trusting = [...permissions, `--cert=${ca}`];
  const run = async (permissions: string[], login: string) => {
    const env = { OPENSEARCH_AUTH: login };
    const { code, stderr } = await runProgram("scripts/store.ts", args, { permissions, env });
    assert(!stderr.includes("hush"), stderr);
    return { code, stderr };
  };

  const foreign = await run(permissions, LOGIN);
  assertEquals(foreign.code, 1);
  assertStringIncludes(foreign.stderr, "its certificate is not trusted");
  const unknown = await run(trusting, "");
  assertEquals(unknown.code, 1);
  assertStringIncludes(unknown.stderr, "HTTP 401: missing authentication credentials");
  assertStringIncludes(unknown.stderr, "Set OPENSEARCH_AUTH to user:password");
  const wrong = await run(trusting, "wikitap:hush");
  assertStringIncludes(wrong.stderr, "Check the login in OPENSEARCH_AUTH");
  const odd = await run(trusting, "hush-hush");
  assertEquals(odd.code, 2);
  assertStringIncludes(
    odd.stderr,
    "Cannot use OPENSEARCH_AUTH: expected user:password, 'ApiKey KEY' or 'Bearer TOKEN'",
  );
  const right = await run(trusting, LOGIN);
  assertEquals(right.code, 0, right.stderr);
  assertStringIncludes(right.stderr, `as the group 'wikitap-store.${index.slice(0, 20)}`);
  assertEquals((await server.documents(index)).length, 50);
});

Deno.test("report prints the curl command if the edits are in OpenSearch", async () => {
  const args = ["--database", "opensearch:https://search.example.org/edits"];
  const { code, stderr } = await runProgram("scripts/report.ts", args);
  assertEquals([code, stderr], [
    1,
    "error: Cannot report on 'opensearch:https://search.example.org/edits': " +
    "its queries are in SQL, expected SQLite or PostgreSQL\n" +
    "  Ask OpenSearch: curl 'https://search.example.org/edits/_search?size=0&pretty' " +
    "-H 'Content-Type: application/json' " +
    `-d '{"aggs":{"wikis":{"terms":{"field":"domain"}}}}'\n`,
  ]);
});

Deno.test("store rejects a login in the address of OpenSearch", async () => {
  const args = ["--database", "opensearch:https://me:hush-hush@localhost/edits"];
  const { code, stderr } = await runProgram("scripts/store.ts", args);
  assertEquals(code, 2);
  assertStringIncludes(stderr, "Cannot use a password in --database");
  assertStringIncludes(stderr, "set the environment variable OPENSEARCH_AUTH");
  assert(!stderr.includes("hush"), stderr);
});

Deno.test("store reports the missing permission for another host", async () => {
  const args = ["--database", "opensearch:https://search.example.org/edits"];
  const { code, stderr } = await runProgram("scripts/store.ts", args, {
    permissions: ["-P=store"],
  });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "Deno denies the connection");
  assertStringIncludes(stderr, "--allow-net=search.example.org:443");
});

Deno.test("store passes a first edit that OpenSearch rejects once others follow", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  const { url, index } = server.database();
  await server.request("PUT", index, {
    mappings: {
      _meta: { wikitap: { version: 1, database_id: crypto.randomUUID() } },
      properties: { old_length: { type: "byte" } },
    },
  });
  const publishLength = (number: number, length: number) =>
    publish(brokers, topic, [{
      partition: 0,
      value: JSON.stringify(editOf(number, { old_length: length })),
    }]);
  await publishLength(1, 1000);
  await using running = startProgram("scripts/store.ts", [
    ...["--bootstrap-server", brokers, "--topic", topic, "--max-messages", "2"],
    ...["--database", `opensearch:${url}/${index}`],
  ]);
  await running.untilLog(`the index '${index}' rejects all documents`);
  await publishLength(2, 100);
  const { code, stderr } = await running.ended;
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, "1 stored, 1 bad");
  const [good, bad] = await Promise.all(
    [index, `${index}-bad-records`].map((name) => server.documents(name)),
  );
  assertEquals(good!.map(({ change_id }) => change_id), [2]);
  assertEquals(bad!.length, 1);
});
