import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type EventServerOptions, serveEvents } from "../../../../lib/replay/service/server.ts";
import { type EventLog, records } from "../../../../lib/replay/log.ts";
import { CODFW, EQIAD, START, syntheticLog } from "../../../../lib/replay/synthetic/log.ts";
import { parseFrame, receive, USER_AGENT } from "../../../support/stream/frames.ts";
import { until } from "../../../support/tools/until.ts";

interface Client {
  readonly url: string;
  readonly stats: () => ReturnType<typeof serveEvents>["stats"];
  get(query?: string, headers?: Record<string, string>): Promise<Response>;
}

async function withServer(
  options: Partial<EventServerOptions>,
  use: (client: Client) => Promise<void>,
): Promise<void> {
  const server = serveEvents({ log: syntheticLog({ count: 2000 }), pace: "at-once", ...options });
  try {
    await use({
      url: server.url,
      stats: () => server.stats,
      get: (query = "", headers = {}) =>
        fetch(new URL(query, server.url), { headers: { "user-agent": USER_AGENT, ...headers } }),
    });
  } finally {
    await server.stop();
  }
}

async function body(response: Response): Promise<[number, Record<string, unknown>]> {
  assertEquals(response.headers.get("content-type"), "application/json");
  return [response.status, await response.json()];
}

const decoder = new TextDecoder();
const meta = (frame: string) => JSON.parse(parseFrame(frame).data).meta;

Deno.test("serveEvents() writes exactly the frames that KafkaSSE writes", async () => {
  const log = syntheticLog({ count: 50 });
  await withServer({ log }, async ({ get }) => {
    const response = await get();
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
    const { frames } = await receive(response, 51);
    const expected = [...records(log.topics[0]!)].map(({ timestamp, data }) =>
      `event: message\nid: [{"topic":"${EQIAD}","partition":0,"timestamp":${timestamp + 1}},` +
      `{"topic":"${CODFW}","partition":0,"offset":-1}]\ndata: ${decoder.decode(data)}`
    );
    assertEquals(frames, [":ok", ...expected]);
  });
});

Deno.test("serveEvents() interleaves topics, with early canaries", async () => {
  const log = syntheticLog({ rate: 1, canaryEvery: 600 });
  await withServer({ log }, async ({ get }) => {
    const { frames } = await receive(await get(`?since=${START}`), 1000);
    const ofTopic = (name: string) =>
      frames.slice(1).map(meta).filter(({ topic }) => topic === name);
    const [active, idle] = [ofTopic(EQIAD), ofTopic(CODFW)];
    for (const all of [active, idle]) {
      for (const [i, { offset }] of all.entries()) assertEquals(offset, all[0].offset + i);
    }
    assert(idle.every(({ domain }) => domain === "canary"));
    const ahead = Date.parse(idle.at(-1).dt) - Date.parse(active.at(-1).dt);
    assert(ahead > 6 * 3_600_000, `${ahead}`);
  });
});

Deno.test("serveEvents() puts both timestamps into 'id' once both topics had one", async () => {
  await withServer({ log: syntheticLog({ rate: 1, canaryEvery: 60 }) }, async ({ get }) => {
    const { frames } = await receive(await get(`?since=${START}`), 900);
    const first = JSON.parse(parseFrame(frames[1]!).id);
    const last = JSON.parse(parseFrame(frames.at(-1)!).id);
    assertEquals([typeof first[0].timestamp, first[1].offset], ["number", 800_000_000]);
    assertEquals(last.map((entry: object) => "timestamp" in entry), [true, true]);
  });
});

Deno.test("serveEvents() resumes from Last-Event-ID without loss", async () => {
  const log = syntheticLog({ count: 300 });
  await withServer({ log }, async ({ get }) => {
    const T = log.topics[0]!.timestamp(99);
    const lastEventId = JSON.stringify([{ topic: EQIAD, partition: 0, timestamp: T }]);
    const { frames } = await receive(await get("", { "last-event-id": lastEventId }), 2);
    assertEquals(meta(frames[1]!).offset, log.topics[0]!.offset(log.topics[0]!.firstAt(T)));
    assertEquals(JSON.parse(parseFrame(frames[1]!).id).length, 1);
  });
});

Deno.test("serveEvents() rejects what the service rejects, in JSON", async () => {
  await withServer({}, async ({ get, url, stats }) => {
    assertEquals((await body(await get("?since=never")))[0], 400);
    assertEquals((await body(await get("", { "last-event-id": "[" })))[0], 400);
    const other = JSON.stringify([{ topic: "eqiad.x", partition: 0, offset: -1 }]);
    assertEquals((await body(await get("", { "last-event-id": other })))[0], 404);
    assertEquals(
      (await body(await get("recentchange,nothing")))[1]["detail"],
      "Invalid streams: nothing",
    );
    const undecodable = await body(await get("%"));
    assertEquals([undecodable[0], undecodable[1]["detail"]], [404, "Invalid streams: %"]);
    assertEquals((await body(await get("/v2/other")))[0], 404);
    for (const agent of ["curl/8.5.0", "Deno/2.9.6", "python-requests/2.31", "node", "undici"]) {
      assertEquals((await body(await get("", { "user-agent": agent })))[0], 403);
    }
    assertEquals((await body(await fetch(url)))[0], 403);
    assertEquals(stats().refused, { 400: 2, 403: 6, 404: 4 });
    assertEquals(stats().connections, 0);
  });
});

Deno.test("serveEvents() requires a contact only if configured", async () => {
  await withServer({ requireContact: true }, async ({ get }) => {
    assertEquals((await body(await get("", { "user-agent": "wikitap/1" })))[0], 403);
    const response = await get("", { "user-agent": "wikitap/1 (https://example.org)" });
    assertEquals(response.status, 200);
    await response.body?.cancel();
  });
});

Deno.test("serveEvents() rejects an address's third connection with 429", async () => {
  await withServer({}, async ({ get, stats }) => {
    const open = [await get(), await get()];
    const third = await get();
    assertEquals(third.status, 429);
    assertEquals(third.headers.get("retry-after"), "1");
    await third.body?.cancel();
    await open[0]!.body?.cancel();
    await until(() => stats().open === 1);
    open.push(await get());
    assertEquals(open[2]!.status, 200);
    await Promise.all(open.slice(1).map((response) => response.body?.cancel()));
    await until(() => stats().open === 0);
  });
});

Deno.test("serveEvents() cuts connections within a frame or a character", async () => {
  const log = syntheticLog({ seed: 4 });
  await withServer({ log, faults: { cutEvery: 20 }, seed: 1 }, async ({ get, stats }) => {
    for (let i = 0; i < 10; i++) {
      const { ending, rest } = await receive(await get(), 100_000);
      assertEquals(ending, "torn");
      assert(rest.length > 0);
    }
    assertEquals(stats().cuts, 10);
  });
});

Deno.test("serveEvents() stalls a connection until the client gives up", async () => {
  await withServer({ faults: { stallEvery: 10 }, seed: 1 }, async ({ get, stats }) => {
    const response = await get();
    await until(() => stats().stalls === 1);
    const served = stats().events;
    const reader = response.body!.getReader();
    let text = "";
    while (text.split("\n\n").length - 2 < served) {
      text += decoder.decode((await reader.read()).value, { stream: true });
    }
    assertEquals(stats().events, served);
    assertEquals(stats().open, 1);
    await reader.cancel();
    await until(() => stats().open === 0);
  });
});

Deno.test("serveEvents() sends 'event: error' and ends the response", async () => {
  await withServer({ faults: { errorEvery: 30 } }, async ({ get, stats }) => {
    const { frames, ending, rest } = await receive(await get(), 100_000);
    assertEquals([ending, rest, stats().errors], ["end", "", 1]);
    const { event, data } = parseFrame(frames.at(-1)!);
    assertEquals([event, JSON.parse(data).origin], ["error", "kafka"]);
  });
});

Deno.test("serveEvents() answers the next attempts with statuses", async () => {
  await withServer({ faults: { statuses: [500, 429] } }, async ({ get }) => {
    const seen: number[] = [];
    for (let i = 0; i < 6; i++) {
      const response = await get();
      seen.push(response.status);
      await response.body?.cancel();
    }
    assertEquals(seen, [200, 500, 429, 200, 500, 429]);
  });
});

Deno.test("serveEvents() ends a connection at its limit, between two frames", async () => {
  const log = syntheticLog({ count: 5 });
  await withServer({ log, connectionLimit: 500 }, async ({ get, stats }) => {
    const { frames, ending, rest } = await receive(await get(), 1000);
    assertEquals([frames.length, ending, rest, stats().open], [6, "end", "", 0]);
  });
});

Deno.test("serveEvents() ends a connection at its limit, even if not read", async () => {
  await withServer({ log: syntheticLog(), connectionLimit: 1000 }, async ({ get, stats }) => {
    const response = await get();
    assertEquals(stats().connections, 1);
    await until(() => stats().open === 0);
    await response.body?.cancel();
  });
});

Deno.test("serveEvents() is silent after the last event, and stays connected", async () => {
  await withServer({ log: syntheticLog({ count: 5 }) }, async ({ get, stats }) => {
    const response = await get();
    const reader = response.body!.getReader();
    await until(() => stats().events === 5);
    for (let text = ""; !text.includes("\n\nevent: message") || text.split("\n\n").length < 7;) {
      text += decoder.decode((await reader.read()).value, { stream: true });
    }
    const silent = reader.read().then(() => "more", () => "more");
    const pause = new Promise((resolve) => setTimeout(() => resolve("silent"), 50));
    assertEquals(await Promise.race([silent, pause]), "silent");
    assertEquals(stats().open, 1);
    await reader.cancel();
  });
});

Deno.test("serveEvents() plays a log from the first client on", async () => {
  const log = syntheticLog({ count: 100, rate: 500 });
  await withServer({ log, pace: "first-client" }, async ({ get }) => {
    const begun = performance.now();
    const { frames } = await receive(await get(), 101);
    const ms = performance.now() - begun;
    assertEquals(meta(frames[1]!).offset, log.topics[0]!.offset(0));
    assert(ms >= 190, `${ms} ms`);
  });
});

Deno.test("serveEvents() begins with new records by the wall clock", async () => {
  const now = Date.now();
  const log = syntheticLog({ rate: 200, start: now - 60_000 });
  await withServer({ log, pace: "wall-clock" }, async ({ get }) => {
    const { frames } = await receive(await get(), 20);
    for (const frame of frames.slice(1)) {
      const { offset } = meta(frame);
      assert(log.topics[0]!.due(offset - log.topics[0]!.offset(0)) >= now);
    }
    const back = await receive(await get(`?since=${now - 30_000}`), 2);
    assertEquals(
      meta(back.frames[1]!).offset,
      log.topics[0]!.offset(log.topics[0]!.firstAt(now - 30_000)),
    );
  });
});

Deno.test("serveEvents() omits lost records, and renumbers at a connection", async () => {
  const plain = syntheticLog({ count: 20 });
  const renumbered = syntheticLog({ count: 20, offsets: { eqiad: 5, codfw: 0 } });
  const log = (connection: number): EventLog => connection < 2 ? plain : renumbered;
  const isLost = ({ offset }: { offset: number }, connection: number) =>
    connection === 1 && offset % 2 === 1;
  await withServer({ log, isLost }, async ({ get }) => {
    const first = (await receive(await get(), 11)).frames.slice(1).map(meta);
    const second = (await receive(await get(), 21)).frames.slice(1).map(meta);
    assertEquals(first.map(({ offset }) => offset % 2), new Array(10).fill(0));
    assertEquals(second.map(({ offset }) => offset), Array.from({ length: 20 }, (_, i) => i + 5));
    assertEquals(
      first.map(({ id }) => id),
      second.map(({ id }) => id).filter((_, i) => i % 2 === 0),
    );
  });
});

Deno.test("serveEvents() waits for a slow client, and prepares one chunk", async () => {
  await withServer({ log: syntheticLog() }, async ({ get, stats }) => {
    const response = await get();
    // Only the system's socket buffers are filled in advance.
    const sent = await untilStill(() => stats().events);
    assert(sent < 20_000, `${sent}`);
    await response.body?.cancel();
  });
});

Deno.test("stop() waits at most a second for a client that reads nothing", async () => {
  const server = serveEvents({ log: syntheticLog(), pace: "at-once" });
  const response = await fetch(server.url, { headers: { "user-agent": USER_AGENT } });
  await untilStill(() => server.stats.events);
  await server.stop();
  await response.body?.cancel();
});

/** Waits until a count is above 0 and stable. */
async function untilStill(look: () => number): Promise<number> {
  let before = 0;
  await until(() => {
    const isSame = look() === before;
    before = look();
    return isSame && before > 0;
  });
  return before;
}

Deno.test("stop() ends the open connections", async () => {
  const server = serveEvents({ log: syntheticLog({ count: 3 }), pace: "at-once" });
  const response = await fetch(server.url, { headers: { "user-agent": USER_AGENT } });
  const received = receive(response, 1000);
  await until(() => server.stats.events === 3);
  await server.stop();
  assertEquals((await received).ending, "end");
  assertStringIncludes(server.url, "http://127.0.0.1:");
});
