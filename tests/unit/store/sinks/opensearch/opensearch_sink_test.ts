import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../../../lib/shared/error.ts";
import { type Rows, toRows } from "../../../../../lib/store/rows.ts";
import { AllRejected, type Sink, SinkUnavailable } from "../../../../../lib/store/sink.ts";
import { openOpenSearchSink } from "../../../../../lib/store/sinks/opensearch/opensearch_sink.ts";
import {
  bulkAnswer,
  fakeOpenSearch,
  type FakeRequest,
  idsIn,
} from "../../../../support/databases/fake_opensearch.ts";
import { editOf } from "../../../../support/kafka/records.ts";

type Answer = (request: FakeRequest) => Response | Promise<Response> | undefined;

/** A cluster with one topic and one partition. `answer` takes precedence. */
class Cluster {
  position: Record<string, unknown> | undefined;
  seqNo = 0;
  isNew = true;
  answer: Answer = () => undefined;

  respond(request: FakeRequest): Response | Promise<Response> {
    return this.answer(request) ?? this.usual(request);
  }

  usual(request: FakeRequest): Response {
    const { method, path, body } = request;
    const index = path.split(/[/?]/)[0]!;
    if (path.endsWith("/_mapping")) {
      const _meta = { wikitap: { version: 1, database_id: "id" } };
      return Response.json({ [index]: { mappings: { _meta } } });
    }
    if (path.endsWith("/_refresh")) return Response.json({});
    if (path.endsWith("/_search")) {
      const topic = { topic_id: 1, cluster_id: "cluster", topic: "topic", kafka_id: null };
      return Response.json({ hits: { hits: [{ _source: topic }] } });
    }
    if (path.includes("/_bulk")) return bulkAnswer(idsIn(request).map(() => 201));
    if (method === "GET") {
      if (this.position === undefined) return Response.json({ found: false }, { status: 404 });
      const { seqNo, position } = this;
      return Response.json({ _seq_no: seqNo, _primary_term: 1, _source: position });
    }
    const isFree = path.includes("/_create/")
      ? this.position === undefined
      : path.endsWith(`?if_seq_no=${this.seqNo}&if_primary_term=1`);
    if (!isFree) return Response.json({ error: {} }, { status: 409 });
    this.position = JSON.parse(body);
    this.seqNo++;
    return Response.json({}, { status: 201 });
  }
}

/** Opens a sink on a fake cluster, and claims its partition. */
async function open(stack: AsyncDisposableStack) {
  const cluster = new Cluster();
  const server = stack.use(fakeOpenSearch((request) => cluster.respond(request)));
  const sink = stack.use(await openOpenSearchSink(server.address, undefined));
  return { cluster, server, sink, claim: await claimOf(sink) };
}

async function claimOf(sink: Sink, group = "group") {
  const topicId = await sink.addTopic({ clusterId: "cluster", topic: "topic", kafkaId: null });
  return await sink.claim({ topicId, partition: 0, group, first: 0n });
}

const encoder = new TextEncoder();

function rowsOf(first: number, count: number) {
  return toRows(Array.from({ length: count }, (_, index) => ({
    offset: String(first + index),
    timestamp: "1767225600000",
    value: encoder.encode(JSON.stringify(editOf(first + index))),
  })));
}

const bulks = (requests: readonly FakeRequest[]) =>
  requests.filter(({ path }) => path.includes("/_bulk"))
    .map((request) => [request.path.split("/")[0], ...idsIn(request)]);

const rejectAll: Answer = (request) =>
  request.path.startsWith("edits/_bulk")
    ? bulkAnswer(idsIn(request).map(() => 400), "mapper_parsing_exception")
    : undefined;

Deno.test("write() stores rejected documents as bad if others are accepted", async () => {
  await using stack = new AsyncDisposableStack();
  const { cluster, server, sink, claim } = await open(stack);
  cluster.answer = ({ path }) =>
    path.startsWith("edits/_bulk") ? bulkAnswer([201, 400, 201]) : undefined;
  const outcome = await sink.write({ claim, next: 3n, rows: rowsOf(0, 3) });
  assertEquals(outcome, { claim: { ...claim, next: 3n }, rejected: 1 });
  assertEquals(bulks(server.requests), [
    ["edits", "topic-0-0", "topic-0-1", "topic-0-2"],
    ["edits-bad-records", "topic-0-1"],
  ]);
  const [, bad] = server.requests.filter(({ path }) => path.includes("/_bulk"));
  const { value, time, ...others } = JSON.parse(bad!.body.split("\n")[1]!);
  assertEquals([time, others.reason, others.is_cut], [
    "2026-01-01T00:00:01.000Z",
    "some_exception: status 400",
    false,
  ]);
  const document = JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(value)));
  assertEquals([document.change_id, document.record_offset], [1, 1]);
});

Deno.test("write() waits if the index rejects all documents, and drops none", async () => {
  await using stack = new AsyncDisposableStack();
  const { cluster, server, sink, claim } = await open(stack);
  cluster.answer = rejectAll;
  const batch = { claim, next: 2n, rows: rowsOf(0, 2) };
  for (let attempt = 0; attempt < 2; attempt++) {
    const { message } = await assertRejects(() => sink.write(batch), SinkUnavailable);
    assertEquals(
      message,
      "the index 'edits' rejects all documents: mapper_parsing_exception: status 400",
    );
  }
  assertEquals(cluster.position?.next_offset, "0");
  cluster.answer = () => undefined;
  assertEquals(await sink.write(batch), { claim: { ...claim, next: 2n } });
  assertEquals(bulks(server.requests), Array(3).fill(["edits", "topic-0-0", "topic-0-1"]));
});

Deno.test("write() checks a single rejected edit with an earlier one", async () => {
  await using stack = new AsyncDisposableStack();
  const { cluster, server, sink, claim } = await open(stack);
  const first = await sink.write({ claim, next: 1n, rows: rowsOf(0, 1) });
  assert("claim" in first);
  cluster.answer = rejectAll;
  const batch = { claim: first.claim, next: 2n, rows: rowsOf(1, 1) };
  await assertRejects(() => sink.write(batch), SinkUnavailable, "rejects all documents");
  cluster.answer = (request) =>
    idsIn(request).includes("topic-0-1") ? rejectAll(request) : undefined;
  assertEquals(await sink.write(batch), { claim: { ...claim, next: 2n }, rejected: 1 });
  assertEquals(bulks(server.requests).slice(-3), [
    ["edits", "topic-0-1"],
    ["edits", "topic-0-0"],
    ["edits-bad-records", "topic-0-1"],
  ]);
});

Deno.test("write() checks a first edit that is rejected with one of the index", async () => {
  await using stack = new AsyncDisposableStack();
  const { cluster, server, sink, claim } = await open(stack);
  const earlier = { _id: "topic-0-7", _version: 8, _source: { topic_id: 1, record_offset: 7 } };
  cluster.answer = (request) =>
    request.path === "edits/_search"
      ? Response.json({ hits: { hits: [earlier] } })
      : idsIn(request).includes("topic-0-0")
      ? rejectAll(request)
      : undefined;
  const outcome = await sink.write({ claim, next: 1n, rows: rowsOf(0, 1) });
  assertEquals(outcome, { claim: { ...claim, next: 1n }, rejected: 1 });
  assertEquals(bulks(server.requests), [
    ["edits", "topic-0-0"],
    ["edits", "topic-0-7"],
    ["edits-bad-records", "topic-0-0"],
  ]);
  const [, probe] = server.requests.filter(({ path }) => path.includes("/_bulk"));
  assertEquals(probe!.body.trimEnd().split("\n").map((line) => JSON.parse(line)), [
    { index: { _id: "topic-0-7", version: 8, version_type: "external_gte" } },
    earlier._source,
  ]);
});

Deno.test("write() checks a first edit that is rejected with those that follow", async () => {
  await using stack = new AsyncDisposableStack();
  const { cluster, server, sink, claim } = await open(stack);
  cluster.answer = (request) =>
    request.path === "edits/_search"
      ? Response.json({ hits: { hits: [] } })
      : request.path.startsWith("edits/_bulk")
      ? bulkAnswer(idsIn(request).map((id) => id === "topic-0-2" ? 201 : 400))
      : undefined;
  const write = (following: Rows) =>
    sink.write({
      claim,
      next: 1n,
      rows: rowsOf(0, 1),
      following: () => Promise.resolve(following),
    });
  await assertRejects(() => write(rowsOf(1, 0)), AllRejected);
  await assertRejects(() => write(rowsOf(1, 1)), AllRejected);
  assertEquals(cluster.position?.next_offset, "0");
  assertEquals(await write(rowsOf(1, 2)), { claim: { ...claim, next: 1n }, rejected: 1 });
  assertEquals(bulks(server.requests), [
    ["edits", "topic-0-0"],
    ["edits", "topic-0-0"],
    ["edits", "topic-0-1"],
    ["edits", "topic-0-0"],
    ["edits", "topic-0-1", "topic-0-2"],
    ["edits-bad-records", "topic-0-0"],
  ]);
});

Deno.test("write() waits if the index of bad records rejects documents", async () => {
  await using stack = new AsyncDisposableStack();
  const { cluster, sink, claim } = await open(stack);
  cluster.answer = ({ path }) =>
    path.includes("edits/_bulk")
      ? bulkAnswer([201, 400])
      : path.includes("/_bulk")
      ? bulkAnswer([400])
      : undefined;
  const batch = { claim, next: 2n, rows: rowsOf(0, 2) };
  await assertRejects(
    () => sink.write(batch),
    SinkUnavailable,
    "the index 'edits-bad-records' rejects documents: some_exception: status 400",
  );
  assertEquals(cluster.position?.next_offset, "0");
});

Deno.test("write() succeeds if only the answer was lost", async () => {
  await using stack = new AsyncDisposableStack();
  const { cluster, sink, claim } = await open(stack);
  cluster.answer = (request) => {
    if (request.method !== "PUT") return undefined;
    cluster.usual(request);
    return new Response("", { status: 502 });
  };
  const batch = { claim, next: 1n, rows: rowsOf(0, 1) };
  await assertRejects(() => sink.write(batch), SinkUnavailable, "HTTP 502");
  cluster.answer = () => undefined;
  assertEquals(await sink.write(batch), { claim: { ...claim, next: 1n } });
});

Deno.test("write() cannot move an offset that another member claims meanwhile", async () => {
  await using stack = new AsyncDisposableStack();
  const { cluster, server, sink, claim } = await open(stack);
  const other = stack.use(await openOpenSearchSink(server.address, undefined));
  cluster.answer = (request) => {
    if (!request.path.includes("/_bulk")) return undefined;
    cluster.answer = () => undefined;
    return claimOf(other, "other").then(() => cluster.usual(request));
  };
  const outcome = await sink.write({ claim, next: 1n, rows: rowsOf(0, 1) });
  assertEquals(outcome, { heldBy: "other" });
  assertEquals(cluster.position?.next_offset, "0");
});

Deno.test("write() without rows only moves the offset", async () => {
  await using stack = new AsyncDisposableStack();
  const { cluster, server, sink, claim } = await open(stack);
  const rows = { edits: [], bad: [] };
  assertEquals(await sink.write({ claim, next: 9n, rows }), { claim: { ...claim, next: 9n } });
  assertEquals([bulks(server.requests), cluster.position?.next_offset], [[], "9"]);
});

Deno.test("write() ends if the index of states was deleted", async () => {
  await using stack = new AsyncDisposableStack();
  const { cluster, sink, claim } = await open(stack);
  const reason = "no such index [edits-state]";
  cluster.answer = () =>
    Response.json({ error: { type: "index_not_found_exception", reason } }, { status: 404 });
  const { message, hint } = await assertRejects(
    () => sink.write({ claim, next: 1n, rows: rowsOf(0, 1) }),
    UserError,
  );
  assert(message.endsWith(`/edits: HTTP 404 for the index 'edits-state': ${reason}`), message);
  assertEquals(
    hint,
    "If the index was deleted, start again: wikitap creates it and stores everything again",
  );
});

Deno.test("openOpenSearchSink() rejects other servers and foreign indices", async () => {
  const foreign = { edits: { mappings: { properties: {} } } };
  const cases = [
    [
      () => new Response("<html>", { status: 404 }),
      'HTTP 404, and its answer is not JSON: "<html>"',
      "Start OpenSearch and wait until its status is yellow or green, or check the address in --database",
    ],
    [
      () => Response.json({ error: "no handler" }, { status: 400 }),
      "HTTP 400 for 'edits-state/_mapping': no handler",
      "Check that the address is that of OpenSearch 2 or Elasticsearch 8, or later",
    ],
    [
      ({ method }: FakeRequest) =>
        Response.json({ error: "no handler" }, { status: method === "GET" ? 404 : 405 }),
      "HTTP 405 for '_index_template/wikitap-edits-state?create=true': no handler",
      "Check that the address is that of OpenSearch 2 or Elasticsearch 8, or later",
    ],
    [
      () => Response.json({ "edits-1": foreign.edits, "edits-state-1": foreign.edits }),
      "'edits-state' is an alias, expected an index",
      "Choose another index with --database",
    ],
    [
      () => Response.json({ ...foreign, "edits-state": foreign.edits }),
      "its indices were not created by wikitap: 'edits-state'",
      "Choose another index with --database",
    ],
  ] as const;
  for (const [answer, what, hint] of cases) {
    await using server = fakeOpenSearch(answer);
    const error = await assertRejects(
      () => openOpenSearchSink(server.address, undefined),
      UserError,
    );
    assertEquals(error.message, `Cannot use opensearch:${server.address.url}/edits: ${what}`);
    assertEquals(error.hint, hint);
  }
});

Deno.test("advice names the requests to send", async () => {
  await using stack = new AsyncDisposableStack();
  const { server, sink } = await open(stack);
  const { url } = server.address;
  assertEquals(
    sink.advice.dropTopic(3),
    `curl -X POST '${url}/edits,edits-bad-records,edits-state/_delete_by_query?q=topic_id:3'`,
  );
  assertEquals(
    sink.advice.skipTo(3, 0, 7n),
    `curl '${url}/edits-state/_update/position-3-0' ` +
      `-H 'Content-Type: application/json' -d '{"doc":{"next_offset":"7"}}'`,
  );
});
