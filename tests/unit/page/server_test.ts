import { assert, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../lib/shared/error.ts";
import { Board } from "../../../lib/page/board.ts";
import { SUBSCRIBER_LIMIT } from "../../../lib/http/subscriber.ts";
import { Broadcast } from "../../../lib/page/broadcast.ts";
import { type PageServer, servePage } from "../../../lib/page/server.ts";
import type { PageMessage } from "../../../lib/page/wire.ts";
import { until } from "../../support/tools/until.ts";
import { pageEdit } from "../../support/page/edits.ts";

interface Served extends AsyncDisposable {
  readonly board: Board;
  readonly server: PageServer;
  readonly broadcast: Broadcast;
}

function serve(): Served {
  const board = new Board({ topic: "edits" });
  board.caughtUp();
  const broadcast = new Broadcast(board);
  const server = servePage({ port: 0, hostname: "127.0.0.1", feeds: { "/events": broadcast } });
  return { board, server, broadcast, [Symbol.asyncDispose]: () => server.stop() };
}

/** Yields the messages of a response. */
async function* messages(response: Response): AsyncGenerator<PageMessage> {
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const parts = `${text}${chunk}`.split("\n\n");
    text = parts.pop() ?? "";
    for (const part of parts) yield JSON.parse(part.slice("data: ".length));
  }
}

Deno.test("servePage() serves the page and every file that it names", async () => {
  await using page = serve();
  const html = await (await fetch(page.server.url)).text();
  const files = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path!);
  const script = await (await fetch(`${page.server.url}page.js`)).text();
  const modules = [...script.matchAll(/from "\.(\/[^"]+)"/g)].map(([, path]) => path!);
  assert(files.length > 4 && modules.length > 4);
  for (const path of [...files, ...modules]) {
    const response = await fetch(new URL(path, page.server.url));
    assertEquals([path, response.status], [path, 200]);
    assert((await response.bytes()).length > 0);
  }
});

Deno.test("servePage() allows no foreign and no inline content", async () => {
  await using page = serve();
  const response = await fetch(page.server.url);
  const html = await response.text();
  const policy = response.headers.get("content-security-policy") ?? "";
  assert(policy.startsWith("default-src 'none'; "), policy);
  assert(!policy.includes("unsafe") && policy.includes("frame-ancestors 'none'"), policy);
  assertEquals(response.headers.get("x-content-type-options"), "nosniff");
  assert(!/<style|\sstyle=|\son\w+=|<script(?! src="\/)/.test(html));
  assert(!/(src|href)="(?!\/|#)/.test(html));
});

Deno.test("servePage() accepts only its own host names", async () => {
  await using page = serve();
  const { port } = new URL(page.server.url);
  using connection = await Deno.connect({ port: Number(port) });
  const request = `GET /events HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(request));
  const answer = await new Response(connection.readable).text();
  assert(answer.startsWith("HTTP/1.1 421 "), answer);
  assert(!answer.includes("data:"));
});

for (
  const [method, path, status] of [
    ["POST", "events", 405],
    ["DELETE", "", 405],
    ["HEAD", "events", 200],
    ["GET", "..%2fdeno.json", 404],
    ["GET", "static/page.js", 404],
  ] as const
) {
  Deno.test(`servePage() answers ${method} /${path} with ${status}`, async () => {
    await using page = serve();
    const response = await fetch(`${page.server.url}${path}`, { method });
    await response.body?.cancel();
    assertEquals(response.status, status);
    assertEquals(response.headers.get("x-content-type-options"), "nosniff");
  });
}

Deno.test("servePage() sends a snapshot, then frames with news", async () => {
  await using page = serve();
  page.board.add(pageEdit({ time: Date.now(), title: "before" }), Date.now());
  const stream = messages(await fetch(`${page.server.url}events`));
  const first = (await stream.next()).value as PageMessage;
  assertEquals(first.type, "snapshot");
  assertEquals(first.edits?.map(({ title }) => title), ["before"]);
  page.board.add(pageEdit({ time: Date.now(), title: "after" }), Date.now());
  for await (const frame of stream) {
    if (frame.edits === undefined) continue;
    // Edits of the snapshot are not sent again.
    assertEquals(frame.edits.map(({ title }) => title), ["after"]);
    break;
  }
});

Deno.test("servePage() sends the status every second", async () => {
  await using page = serve();
  const stream = messages(await fetch(`${page.server.url}events`));
  await stream.next();
  const frame = (await stream.next()).value as PageMessage;
  assertEquals([frame.type, frame.status?.health], ["frame", "connecting"]);
  await stream.return(undefined);
});

Deno.test("servePage() rejects too many pages, and accepts new ones later", async () => {
  await using page = serve();
  const events = `${page.server.url}events`;
  const responses = await Promise.all(
    Array.from({ length: SUBSCRIBER_LIMIT }, () => fetch(events)),
  );
  const refused = await fetch(events);
  assertEquals([refused.status, refused.headers.get("retry-after")], [503, "10"]);
  await refused.body?.cancel();
  await Promise.all(responses.map(({ body }) => body?.cancel()));
  await until(() => page.broadcast.size, (size) => size === 0);
});

Deno.test("servePage() stops within a second, even if a page does not read", async () => {
  const page = serve();
  const { port } = new URL(page.server.url);
  const connection = await Deno.connect({ port: Number(port) });
  const request = `GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  await connection.write(new TextEncoder().encode(request));
  await until(() => page.broadcast.size);
  // More than the socket buffers of both sides.
  for (let n = 0; n < 300; n++) page.board.add(pageEdit({ title: "W".repeat(40_000) }), Date.now());
  for (let n = 0; n < 3; n++) page.broadcast.refresh();
  await page.server.stop();
  connection.close();
  // Only now does the server notice that its client is gone.
  await until(() => page.broadcast.size === 0);
});

Deno.test("servePage() throws UserError if the port is in use", async () => {
  await using page = serve();
  const port = Number(new URL(page.server.url).port);
  assertThrows(
    () => servePage({ port, hostname: "127.0.0.1", feeds: { "/events": page.broadcast } }),
    UserError,
    `Cannot serve the page on 127.0.0.1:${port}: the port is in use`,
  );
});
