import { assertEquals, assertRejects } from "@std/assert";
import { SinkUnavailable } from "../../../../../lib/store/sink.ts";
import { Bulk, BulkWork } from "../../../../../lib/store/sinks/opensearch/bulk.ts";
import type { Document } from "../../../../../lib/store/sinks/opensearch/documents.ts";
import { Http } from "../../../../../lib/store/sinks/opensearch/http.ts";
import {
  bulkAnswer,
  fakeOpenSearch,
  type FakeRequest,
  idsIn,
} from "../../../../support/databases/fake_opensearch.ts";

/** Returns documents with the ids 0, 1, 2 … and a given size in bytes. */
function documents(count: number, size = 100): Document[] {
  return Array.from({ length: count }, (_, number) => {
    const action = `{"index":{"_id":"${number}"}}\n`;
    const lines = `${action}${"x".repeat(size - action.length - 1)}\n`;
    return { id: String(number), source: "{}", lines, size, offset: BigInt(number) };
  });
}

/** Indexes documents on a server with these answers. Retries failures, up to `tries` attempts. */
async function run(
  list: readonly Document[],
  answer: (request: FakeRequest) => Response,
  tries = 1,
) {
  await using server = fakeOpenSearch(answer);
  using http = new Http(server.address, undefined);
  const bulk = new Bulk(http);
  const work = new BulkWork("edits", list);
  const failures: string[] = [];
  for (let attempt = 0; attempt < tries; attempt++) {
    try {
      await bulk.run(work);
      break;
    } catch (error) {
      if (!(error instanceof SinkUnavailable)) throw error;
      failures.push(error.message);
    }
  }
  return { work, failures, sent: server.requests.map(idsIn), requests: server.requests };
}

const allGood = (request: FakeRequest) => bulkAnswer(idsIn(request).map(() => 201));

Deno.test("run() sends documents in order, in requests of at most 4 MiB", async () => {
  const { sent, work } = await run(documents(10, 1024 * 1024), allGood);
  assertEquals(sent, [["0", "1", "2", "3"], ["4", "5", "6", "7"], ["8", "9"]]);
  assertEquals([work.pending, work.rejected, work.accepted?.id], [[], [], "9"]);
});

Deno.test("run() requests only the parts of the answer that it reads", async () => {
  const { requests } = await run(documents(1), allGood);
  assertEquals(
    requests[0]?.path,
    "edits/_bulk?timeout=10s&filter_path=items.*.status,items.*.error.type," +
      "items.*.error.reason,items.*.error.caused_by.reason",
  );
});

Deno.test("run() returns rejected documents with the reason", async () => {
  const { work } = await run(documents(3), () => bulkAnswer([201, 400, 200], "x".repeat(400)));
  assertEquals(work.rejected.map(({ document, reason }) => [document.id, reason]), [
    ["1", "x".repeat(300)],
  ]);
});

Deno.test("run() resends only unfinished documents", async () => {
  let requests = 0;
  const { sent, failures, work } = await run(documents(5), (request) => {
    if (requests++ === 0) return bulkAnswer([201, 429, 400, 503, 201]);
    return allGood(request);
  }, 2);
  assertEquals(failures, ["HTTP 429: some_exception: status 429"]);
  assertEquals(sent, [["0", "1", "2", "3", "4"], ["1", "3"]]);
  assertEquals(work.rejected.map(({ document }) => document.id), ["2"]);
});

Deno.test("run() blames no document for a blocked, closed or missing index", async () => {
  for (const status of [403, 404, 429, 500, 503]) {
    const { failures, work } = await run(documents(2), () => bulkAnswer([status, status]));
    assertEquals(failures, [`HTTP ${status}: some_exception: status ${status}`]);
    assertEquals([work.pending.length, work.rejected.length], [2, 0]);
  }
});

Deno.test("run() makes requests smaller after 413, and then larger again", async () => {
  const limit = 150_000;
  const { sent, work } = await run(documents(64, 40_000), (request) => {
    if (request.body.length > limit) return new Response("<html>", { status: 413 });
    return allGood(request);
  });
  assertEquals(work.pending.length, 0);
  const done = sent.filter((ids) => ids.length * 40_000 <= limit).flat();
  assertEquals(done, documents(64).map(({ id }) => id));
});

Deno.test("run() rejects a large document that alone is too large", async () => {
  const { work, sent } = await run(
    documents(1, 70_000),
    () => new Response("<html>", { status: 413 }),
  );
  assertEquals(work.rejected.map(({ reason }) => reason), ["too large: 70000 bytes (HTTP 413)"]);
  assertEquals(sent.length, 1);
});

Deno.test("run() waits if even small documents are too large", async () => {
  const { work, failures } = await run(
    documents(1, 1000),
    () => new Response("<html>", { status: 413 }),
  );
  assertEquals(failures, ["HTTP 413 for a document of 1000 bytes"]);
  assertEquals(work.pending.length, 1);
});

Deno.test("run() leaves documents that others have changed", async () => {
  const { work } = await run(documents(2), ({ path }) => {
    if (path.startsWith("edits/_mget")) return Response.json({ docs: [{ found: true }] });
    return bulkAnswer([201, 409]);
  });
  assertEquals([work.pending, work.rejected], [[], []]);
});

Deno.test("run() waits for the version of a document that was deleted", async () => {
  let isOver = false;
  const { work, failures, sent } = await run(documents(3), (request) => {
    if (request.path.startsWith("edits/_mget")) {
      assertEquals(request.body, '{"ids":["0","1"]}');
      return Response.json({ docs: [{ found: true }, { found: false }] });
    }
    if (isOver) return allGood(request);
    isOver = true;
    return bulkAnswer([409, 409, 201]);
  }, 2);
  assertEquals(failures, ["'1' was deleted a moment ago, and its version is still taken"]);
  assertEquals(sent, [["0", "1", "2"], [], ["1"]]);
  assertEquals(work.pending, []);
});

Deno.test("run() throws for an answer of another form", async () => {
  const answers = [
    {},
    { items: [] },
    { items: [{ index: { status: 201 } }] },
    { items: [{ index: { status: 201 } }, {}] },
    { items: [{ index: { status: 201 } }, { index: { status: "201" } }] },
    { items: "2" },
    [],
    null,
  ];
  for (const answer of answers) {
    const { failures, work } = await run(documents(2), () => Response.json(answer));
    assertEquals(failures, ["HTTP 200, and its answer has another form"], JSON.stringify(answer));
    assertEquals(work.pending.length, 2);
  }
});

Deno.test("run() shrinks its requests while the server is overloaded", async () => {
  await using server = fakeOpenSearch(() => new Response("{}", { status: 503 }));
  using http = new Http(server.address, undefined);
  const bulk = new Bulk(http);
  const work = new BulkWork("edits", documents(64, 100_000));
  for (let attempt = 0; attempt < 12; attempt++) await assertRejects(() => bulk.run(work));
  const counts = server.requests.map((request) => idsIn(request).length);
  assertEquals(counts, [41, 20, 10, 5, 2, 1, 1, 1, 1, 1, 1, 1]);
});
