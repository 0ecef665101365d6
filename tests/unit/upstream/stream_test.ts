import { assert, assertEquals, assertRejects } from "@std/assert";
import { Position } from "../../../lib/upstream/resume/position.ts";
import { UpstreamRefused } from "../../../lib/upstream/connection/response.ts";
import type { Arrival } from "../../../lib/upstream/parse/arrival.ts";
import { gatherLog } from "../../support/programs/logged.ts";
import { EventStream, type StreamOptions } from "../../../lib/upstream/stream.ts";

const TOPIC = "eqiad.mediawiki.recentchange";
const IDLE_TOPIC = "codfw.mediawiki.recentchange";
const URL_ = new URL("http://upstream.test/v2/stream/recentchange");
const encoder = new TextEncoder();

/** One event as the service sends it. Its Kafka timestamp is `1000 + offset`. */
function frame(offset: number, { topic = TOPIC, at = 1000 + offset, body = {} } = {}): string {
  const other = topic === TOPIC ? IDLE_TOPIC : TOPIC;
  const id = [{ topic, partition: 0, timestamp: at + 1 }, {
    topic: other,
    partition: 0,
    offset: -1,
  }];
  const meta = {
    ...{ id: `id-${topic}-${offset}`, dt: new Date(at).toISOString(), domain: "en.wikipedia.org" },
    ...{ stream: "mediawiki.recentchange", topic, partition: 0, offset },
  };
  const data = JSON.stringify({ $schema: "/mediawiki/recentchange/1.0.0", meta, ...body });
  return `event: message\nid: ${JSON.stringify(id)}\ndata: ${data}\n\n`;
}

const frames = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => frame(from + i)).join("");

type Answer = (signal: AbortSignal) => Response;

/**
 * How a scripted response goes on behind its text: ends, breaks off, or stays open and silent;
 * `deaf`: silent, and does not end with the signal of its request either.
 */
type Ending = "end" | "break" | "silence" | "deaf";

/** @param date What the service's clock shows, in ms. */
function stream(text: string, ending: Ending = "end", date?: number): Answer {
  return (signal) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(encoder.encode(`:ok\n\n${text}`));
        if (ending === "end") controller.close();
        if (ending === "silence") {
          signal.addEventListener("abort", () => controller.error(signal.reason));
        }
      },
      pull(controller) {
        if (ending === "break") controller.error(new TypeError("error reading a body"));
      },
    });
    return new Response(body, {
      headers: {
        "content-type": "text/event-stream; charset=utf-8",
        ...date === undefined ? {} : { date: new Date(date).toUTCString() },
      },
    });
  };
}

const answer = (text: string, init: ResponseInit): Answer => () => new Response(text, init);

interface Request {
  readonly since: string | null;
  readonly lastEventId: { topic: string; partition: number; timestamp: number }[] | undefined;
}

/** A service that answers one connection after the other, and is unreachable behind the last. */
function service(answers: readonly Answer[]) {
  const requests: Request[] = [];
  const fetch = (input: URL | RequestInfo, init?: RequestInit) => {
    const headers = new Headers(init?.headers);
    const lastEventId = headers.get("last-event-id");
    requests.push({
      since: new URL(String(input)).searchParams.get("since"),
      lastEventId: lastEventId === null ? undefined : JSON.parse(lastEventId),
    });
    const answer = answers[requests.length - 1];
    if (answer === undefined) return Promise.reject(new TypeError("connection refused"));
    return Promise.resolve(answer(init!.signal!));
  };
  return { requests, fetch };
}

function open(
  fetch: typeof globalThis.fetch,
  options: Partial<StreamOptions> = {},
): { events: EventStream; stop: AbortController } {
  const stop = new AbortController();
  const events = new EventStream({
    ...{ url: URL_, userAgent: "test", position: new Position(1000), idleTimeout: 5000 },
    ...{ stop: stop.signal, margin: 0, random: () => 0, fetch },
    ...options,
  });
  return { events, stop };
}

/** Reads until `count` arrivals came; gives what identifies them. */
async function take(events: EventStream, count: number): Promise<(number | string)[]> {
  const seen: Arrival[] = [];
  for await (const arrivals of events) {
    seen.push(...arrivals);
    if (seen.length >= count) break;
  }
  return seen.map(({ offset, refusal }) => offset ?? refusal!);
}

Deno.test("EventStream goes on over a cut in the middle of a frame, each event once", async () => {
  const { fetch, requests } = service([
    stream(frames(0, 5) + frame(5).slice(0, 100), "break"),
    stream(frames(2, 8)),
    stream(frames(7, 10)),
  ]);
  const { events } = open(fetch);
  assertEquals(await take(events, 10), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assertEquals(events.counts.repeats, 4);
  assertEquals([...events.counts.reconnects], [["cut", 1], ["end", 1]]);
  assertEquals(requests[0], { since: "1000", lastEventId: undefined });
  // T is the highest Kafka timestamp received, not the id as sent; the idle topic is asked for too.
  assertEquals(requests[1], {
    since: null,
    lastEventId: [
      { topic: TOPIC, partition: 0, timestamp: 1004 },
      { topic: IDLE_TOPIC, partition: 0, timestamp: 1000 },
    ],
  });
});

Deno.test("EventStream keeps a place per topic, also when the idle one is hours ahead", async () => {
  const ahead = frame(0, { topic: IDLE_TOPIC, at: 9_000_000 });
  const { fetch, requests } = service([
    stream(frame(0) + ahead + frame(1)),
    stream(frames(1, 3)),
  ]);
  const { events } = open(fetch, { now: () => 10_000_000 });
  assertEquals(await take(events, 4), [0, 0, 1, 2]);
  assertEquals(requests[1]!.lastEventId!.map(({ timestamp }) => timestamp), [1001, 9_000_000]);
});

Deno.test("EventStream goes on from a saved position", async () => {
  const position = new Position(0);
  const key = `${TOPIC}/0`;
  position.advance({ key, timestamp: 1003, offset: 3, id: `id-${TOPIC}-3` });
  const { fetch, requests } = service([stream(frames(1, 6))]);
  const { events } = open(fetch, { position, margin: 2 });
  assertEquals(await take(events, 2), [4, 5]);
  assertEquals(requests[0]!.lastEventId, [{ topic: TOPIC, partition: 0, timestamp: 1001 }]);
  assertEquals(position.get(key)!.offset, 3, "the caller's position is not moved");
});

Deno.test("EventStream does not believe timestamps far ahead of now", async () => {
  const { fetch, requests } = service([
    stream(frame(0) + frame(1, { at: 500_000 })),
    stream(frames(1, 3)),
  ]);
  const { events } = open(fetch, { now: () => 100_000 });
  await take(events, 3);
  assertEquals(requests[1]!.lastEventId![0]!.timestamp, 1000);
});

Deno.test("EventStream believes timestamps by the service's clock where ours is slow", async () => {
  const at = (offset: number) => frame(offset, { at: 500_000 + offset });
  const { fetch, requests } = service([
    stream(at(0) + at(1), "end", 500_000),
    stream(at(1) + at(2), "end", 500_000),
  ]);
  using log = gatherLog();
  const { events } = open(fetch, { now: () => 100_000 });
  assertEquals(await take(events, 3), [0, 1, 2]);
  assertEquals(requests[1]!.lastEventId![0]!.timestamp, 500_001);
  assertEquals(log.lines, [
    "warning: This machine's clock is 6m 40s behind that of the service: set it",
  ]);
});

Deno.test("EventStream asks for no time that has not come where our clock is fast", async () => {
  const { fetch, requests } = service([
    stream(frame(0), "end", 1000),
    stream(frames(0, 3), "end", 1000),
  ]);
  const { events } = open(fetch, { position: new Position(500_000), now: () => 500_000 });
  assertEquals(await take(events, 3), [0, 1, 2]);
  assertEquals(requests[1]!.lastEventId, [
    { topic: TOPIC, partition: 0, timestamp: 1000 },
    { topic: IDLE_TOPIC, partition: 0, timestamp: 1000 },
  ]);
  assertEquals(events.start, 1000);
});

Deno.test("EventStream refuses an event of a topic that its id does not name", async () => {
  const others = Array.from(
    { length: 100 },
    (_, i) =>
      frame(i).replace(
        `"topic":"${TOPIC}","partition":0,"offset"`,
        `"topic":"other${i}","partition":0,"offset"`,
      ),
  );
  const { fetch } = service([stream(others.join("") + frame(0))]);
  const { events } = open(fetch);
  assertEquals(await take(events, 101), [...others.map(() => "wrong shape: meta.topic"), 0]);
  assertEquals([...events.topicPartitions], [`${TOPIC}/0`, `${IDLE_TOPIC}/0`]);
});

Deno.test("EventStream asks for no topic-partition that a frame without an id might be of", async () => {
  const { fetch, requests } = service([
    stream("data: {\n\n" + frame(0)),
    stream(frames(0, 2)),
  ]);
  const { events } = open(fetch);
  assertEquals(await take(events, 3), ["bad JSON", 0, 1]);
  assertEquals(requests[1]!.lastEventId!.map(({ topic }) => topic), [TOPIC, IDLE_TOPIC]);
});

Deno.test("EventStream gives refused frames with the reason, and goes on", async () => {
  const bad = frame(1).replace('{"$schema"', '{"$schema');
  const shapeless = frame(2).replace('"meta"', '"beta"');
  const { fetch } = service([stream(frame(0) + bad + shapeless + frame(3))]);
  const { events } = open(fetch);
  assertEquals(await take(events, 4), [0, "bad JSON", "wrong shape: meta", 3]);
  assertEquals(events.counts.gaps, 0);
});

Deno.test("EventStream throws UpstreamRefused for 403, and asks for a contact", async () => {
  const { fetch } = service([answer("no contact", { status: 403 })]);
  const error = await assertRejects(() => take(open(fetch).events, 1), UpstreamRefused);
  assertEquals(error.message, "http://upstream.test answered 403: no contact");
  assert(error.hint!.includes("--contact"));
});

Deno.test("EventStream throws UpstreamRefused for what is no event stream at the start", async () => {
  const { fetch } = service([
    answer("<html>", { headers: { "content-type": "text/html" } }),
  ]);
  const error = await assertRejects(() => take(open(fetch).events, 1), UpstreamRefused);
  assert(error.message.includes("its content type is 'text/html'"));
});

Deno.test("EventStream tries again after 429, 5xx, another content type and no network", async () => {
  const { fetch } = service([
    stream(frame(0)),
    answer("slow down", { status: 429, headers: { "retry-after": "0" } }),
    answer("", { status: 503 }),
    answer("<html>", { headers: { "content-type": "text/html" } }),
    () => {
      throw new TypeError("dns error");
    },
    stream(frames(0, 2)),
  ]);
  const { events } = open(fetch);
  assertEquals(await take(events, 2), [0, 1]);
  assertEquals(Object.fromEntries(events.counts.reconnects), {
    "end": 1,
    "status 429": 1,
    "status 5xx": 1,
    "not an event stream": 1,
    "unreachable": 1,
  });
  assertEquals(events.counts.state, "ended");
});

Deno.test("EventStream says what is behind a fetch that failed", async () => {
  const failed = "error sending request for url (http://x/): client error (Connect): no such host";
  const { fetch } = service([
    () => {
      throw new TypeError("fetch failed", { cause: new Error(failed) });
    },
    stream(frame(0)),
  ]);
  using log = gatherLog();
  await take(open(fetch).events, 1);
  assertEquals(
    log.lines[0],
    "warning: Cannot reach http://upstream.test: client error (Connect): no such host; " +
      "trying again until it answers",
  );
});

Deno.test("EventStream waits longer and longer also where the service asks for no wait at all", async () => {
  const slowDown = (headers: HeadersInit) => answer("", { status: 429, headers });
  const { fetch } = service([
    slowDown({ "retry-after": "0" }),
    slowDown({ "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" }),
    stream(frame(0)),
  ]);
  const attempts: number[] = [];
  // The ceilings of the first two waits are 250 and 500 ms.
  const { events } = open(fetch, {
    random: () => {
      attempts.push(performance.now());
      return 0.1;
    },
  });
  const begun = performance.now();
  assertEquals(await take(events, 1), [0]);
  assertEquals(attempts.length, 2);
  assert(performance.now() - begun >= 74);
});

Deno.test("EventStream tries again after 404 where the stream was there before", async () => {
  const notFound = answer("{}", { status: 404 });
  // One request by ids, one by time.
  const { fetch } = service([stream(frame(0)), notFound, notFound, stream(frames(0, 2))]);
  const { events } = open(fetch);
  assertEquals(await take(events, 2), [0, 1]);
  assertEquals(events.counts.reconnects.get("status 404"), 1);
});

Deno.test("EventStream asks by time once when a topic of its position is gone", async () => {
  const { fetch, requests } = service([
    stream(frames(0, 2)),
    answer("{}", { status: 404 }),
    stream(frames(0, 3)),
  ]);
  const { events } = open(fetch);
  assertEquals(await take(events, 3), [0, 1, 2]);
  assertEquals(requests[2], { since: "1000", lastEventId: undefined });
});

Deno.test("EventStream leaves out a topic that is gone, and asks for it again each time", async () => {
  const notFound = answer("{}", { status: 404 });
  const alone = (text: string) =>
    text.replaceAll(`,{"topic":"${IDLE_TOPIC}","partition":0,"offset":-1}`, "");
  const { fetch, requests } = service([
    stream(frame(0) + frame(0, { topic: IDLE_TOPIC, at: 1005 })),
    ...[notFound, stream(alone(frames(0, 2)))],
    ...[notFound, stream(alone(frames(1, 3)))],
  ]);
  await take(open(fetch).events, 4);
  const asked = requests.map(({ lastEventId, since }) =>
    lastEventId?.map(({ topic }) => topic) ?? since
  );
  assertEquals(asked, ["1000", [TOPIC, IDLE_TOPIC], "1000", [TOPIC, IDLE_TOPIC], [TOPIC]]);
});

Deno.test("EventStream throws UpstreamRefused when the stream is not there", async () => {
  const { fetch } = service([answer("{}", { status: 404 })]);
  await assertRejects(() => take(open(fetch).events, 1), UpstreamRefused, "answered 404");
});

Deno.test("EventStream gives up a connection on which nothing comes", async () => {
  const { fetch } = service([stream(frame(0), "silence"), stream(frames(0, 2))]);
  const { events } = open(fetch, { idleTimeout: 30 });
  assertEquals(await take(events, 2), [0, 1]);
  assertEquals([...events.counts.reconnects.keys()], ["idle"]);
});

Deno.test("EventStream lets a connection go while its consumer is busy, and comes back", async () => {
  const { fetch } = service([stream(frame(0), "silence"), stream(frames(0, 2))]);
  const { events } = open(fetch, { maxPause: 20 });
  const seen: number[] = [];
  for await (const arrivals of events) {
    seen.push(...arrivals.map(({ offset }) => offset!));
    if (seen.length === 2) break;
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  assertEquals(seen, [0, 1]);
  assertEquals([...events.counts.reconnects.keys()], ["let go"]);
});

Deno.test("EventStream passes a place where the service fails five times over", async () => {
  const error = "event: error\ndata: {}\n\n";
  const failing = stream(frames(0, 3) + error);
  const { fetch, requests } = service([
    ...[failing, failing, failing, failing, failing, failing],
    stream(frames(4, 6)),
  ]);
  const { events } = open(fetch);
  assertEquals(await take(events, 5), [0, 1, 2, 4, 5]);
  assertEquals(requests[5]!.lastEventId![0]!.timestamp, 1002, "five times at the place");
  assertEquals(requests[6]!.lastEventId![0]!.timestamp, 1003, "then behind it");
  assertEquals(events.counts.passed, 1);
  assertEquals(events.counts.missing, 1);
});

Deno.test("EventStream never passes a place that the service does not reach", async () => {
  const failing = stream("event: error\ndata: {}\n\n");
  const { fetch, requests } = service([
    stream(frames(0, 3)),
    ...Array.from({ length: 12 }, () => failing),
    stream(frames(2, 4)),
  ]);
  const { events } = open(fetch);
  assertEquals(await take(events, 4), [0, 1, 2, 3]);
  assert(requests.slice(1).every(({ lastEventId }) => lastEventId![0]!.timestamp === 1002));
});

Deno.test("EventStream reads a gap again once, and counts one that stays", async () => {
  const { fetch, requests } = service([
    stream(frames(0, 3) + frames(5, 7)),
    stream(frames(2, 5) + frames(8, 9)),
    stream(frames(4, 5) + frames(8, 9)),
  ]);
  const { events } = open(fetch);
  assertEquals(await take(events, 6), [0, 1, 2, 3, 4, 8]);
  assertEquals([requests.length, events.counts.gaps, events.counts.missing], [3, 1, 3]);
});

for (const silence of ["silence", "deaf"] as const) {
  Deno.test(`EventStream ends when it is stopped in the middle of waiting: ${silence}`, async () => {
    const { fetch } = service([stream(frame(0), silence)]);
    const { events, stop } = open(fetch);
    const done = take(events, 2);
    setTimeout(() => stop.abort(), 20);
    assertEquals(await done, [0]);
    assertEquals(events.counts.state, "ended");
    assertEquals(events.counts.connected, false);
  });
}

Deno.test("EventStream gives up a silent connection that forgot its signal", async () => {
  const { fetch } = service([stream(frame(0), "deaf"), stream(frames(0, 2))]);
  const { events } = open(fetch, { idleTimeout: 30 });
  assertEquals(await take(events, 2), [0, 1]);
  assertEquals([...events.counts.reconnects.keys()], ["idle"]);
});
