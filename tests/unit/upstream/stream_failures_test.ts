import { assert, assertEquals, assertRejects } from "@std/assert";
import { UpstreamRefused } from "../../../lib/upstream/connection/failure.ts";
import { gatherLog } from "../../support/programs/logged.ts";
import {
  answer,
  frame,
  frames,
  IDLE_TOPIC,
  openStream,
  scriptedService,
  streamOf,
  take,
  TOPIC,
} from "../../support/stream/scripted.ts";
import { inVirtualTime } from "../../support/tools/virtual_time.ts";

Deno.test("EventStream throws UpstreamRefused for 403, and asks for a contact", async () => {
  const { fetch } = scriptedService([answer("no contact", { status: 403 })]);
  const error = await assertRejects(() => take(openStream(fetch).events, 1), UpstreamRefused);
  assertEquals(error.message, "http://upstream.test answered 403: no contact");
  assert(error.hint!.includes("--contact"));
});

Deno.test("EventStream throws UpstreamRefused at the start without a stream", async () => {
  const { fetch } = scriptedService([
    answer("<html>", { headers: { "content-type": "text/html" } }),
  ]);
  const error = await assertRejects(() => take(openStream(fetch).events, 1), UpstreamRefused);
  assert(error.message.includes("its content type is 'text/html'"));
});

Deno.test("EventStream retries after temporary failures", async () => {
  const { fetch } = scriptedService([
    streamOf(frame(0)),
    answer("slow down", { status: 429, headers: { "retry-after": "0" } }),
    answer("", { status: 503 }),
    answer("<html>", { headers: { "content-type": "text/html" } }),
    () => {
      throw new TypeError("dns error");
    },
    streamOf(frames(0, 2)),
  ]);
  const { events } = openStream(fetch);
  assertEquals(await take(events, 2), [0, 1]);
  assertEquals(Object.fromEntries(events.counts.reconnects), {
    "end": 1,
    "http_429": 1,
    "http_5xx": 1,
    "not_event_stream": 1,
    "unreachable": 1,
  });
  assertEquals(events.counts.state, "ended");
});

Deno.test("EventStream reports the cause of a failed fetch", async () => {
  const failed = "error sending request for url (http://x/): client error (Connect): no such host";
  const { fetch } = scriptedService([
    () => {
      throw new TypeError("fetch failed", { cause: new Error(failed) });
    },
    streamOf(frame(0)),
  ]);
  using log = gatherLog();
  await take(openStream(fetch).events, 1);
  assertEquals(
    log.lines[0],
    "warning: Cannot reach http://upstream.test: client error (Connect): no such host; " +
      "retrying",
  );
});

Deno.test("EventStream waits longer each time, even with Retry-After 0", async () => {
  const slowDown = (headers: HeadersInit) => answer("", { status: 429, headers });
  const { fetch } = scriptedService([
    slowDown({ "retry-after": "0" }),
    slowDown({ "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" }),
    slowDown({ "retry-after": "7" }),
    slowDown({ "retry-after": "86400" }),
    slowDown({ "retry-after": "soon" }),
    streamOf(frame(0)),
  ]);
  const waits: number[] = [];
  const sleep = (ms: number) => Promise.resolve(void waits.push(ms));
  assertEquals(await take(openStream(fetch, { random: () => 1, sleep }).events, 1), [0]);
  assertEquals(waits, [250, 500, 7000, 300_000, 4000]);
});

Deno.test("EventStream retries after 404 if the stream was there before", async () => {
  const notFound = answer("{}", { status: 404 });
  // One request by ids, one by time.
  const { fetch } = scriptedService([
    streamOf(frame(0)),
    notFound,
    notFound,
    streamOf(frames(0, 2)),
  ]);
  const { events } = openStream(fetch);
  assertEquals(await take(events, 2), [0, 1]);
  assertEquals(events.counts.reconnects.get("http_404"), 1);
});

Deno.test("EventStream requests by time after a 404 for its position", async () => {
  const { fetch, requests } = scriptedService([
    streamOf(frames(0, 2)),
    answer("{}", { status: 404 }),
    streamOf(frames(0, 3)),
  ]);
  const { events } = openStream(fetch);
  assertEquals(await take(events, 3), [0, 1, 2]);
  assertEquals(requests[2], { since: "1000", lastEventId: undefined });
});

Deno.test("EventStream omits a missing topic, and requests it again later", async () => {
  const notFound = answer("{}", { status: 404 });
  const alone = (text: string) =>
    text.replaceAll(`,{"topic":"${IDLE_TOPIC}","partition":0,"offset":-1}`, "");
  const { fetch, requests } = scriptedService([
    streamOf(frame(0) + frame(0, { topic: IDLE_TOPIC, at: 1005 })),
    ...[notFound, streamOf(alone(frames(0, 2)))],
    ...[notFound, streamOf(alone(frames(1, 3)))],
  ]);
  await take(openStream(fetch).events, 4);
  const asked = requests.map(({ lastEventId, since }) =>
    lastEventId?.map(({ topic }) => topic) ?? since
  );
  assertEquals(asked, ["1000", [TOPIC, IDLE_TOPIC], "1000", [TOPIC, IDLE_TOPIC], [TOPIC]]);
});

Deno.test("EventStream throws UpstreamRefused if the stream does not exist", async () => {
  const { fetch } = scriptedService([answer("{}", { status: 404 })]);
  await assertRejects(() => take(openStream(fetch).events, 1), UpstreamRefused, "answered 404");
});

Deno.test(
  "EventStream closes a connection without events",
  inVirtualTime(async () => {
    const { fetch } = scriptedService([streamOf(frame(0), "silence"), streamOf(frames(0, 2))]);
    const { events } = openStream(fetch, { idleTimeout: 60_000 });
    assertEquals(await take(events, 2), [0, 1]);
    assertEquals([...events.counts.reconnects.keys()], ["idle"]);
  }),
);

Deno.test(
  "EventStream closes a connection while its consumer is busy",
  inVirtualTime(async () => {
    const { fetch } = scriptedService([streamOf(frame(0), "silence"), streamOf(frames(0, 2))]);
    const { events } = openStream(fetch, { maxPause: 30_000 });
    const seen: number[] = [];
    for await (const arrivals of events) {
      seen.push(...arrivals.map(({ offset }) => offset!));
      if (seen.length === 2) break;
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    }
    assertEquals(seen, [0, 1]);
    assertEquals([...events.counts.reconnects.keys()], ["released"]);
  }),
);

Deno.test("EventStream skips a position at which the service fails five times", async () => {
  const error = "event: error\ndata: {}\n\n";
  const failing = streamOf(frames(0, 3) + error);
  const { fetch, requests } = scriptedService([
    ...[failing, failing, failing, failing, failing, failing],
    streamOf(frames(4, 6)),
  ]);
  const { events } = openStream(fetch);
  assertEquals(await take(events, 5), [0, 1, 2, 4, 5]);
  assertEquals(requests[5]!.lastEventId![0]!.timestamp, 1002, "five times at the place");
  assertEquals(requests[6]!.lastEventId![0]!.timestamp, 1003, "then behind it");
  assertEquals(events.counts.passed, 1);
  assertEquals(events.counts.skipped, 1);
});

Deno.test("EventStream never skips a position that the service does not reach", async () => {
  const failing = streamOf("event: error\ndata: {}\n\n");
  const { fetch, requests } = scriptedService([
    streamOf(frames(0, 3)),
    ...Array.from({ length: 12 }, () => failing),
    streamOf(frames(2, 4)),
  ]);
  const { events } = openStream(fetch);
  assertEquals(await take(events, 4), [0, 1, 2, 3]);
  assert(requests.slice(1).every(({ lastEventId }) => lastEventId![0]!.timestamp === 1002));
});

for (const silence of ["silence", "deaf"] as const) {
  Deno.test(
    `EventStream ends if it is stopped while it waits: ${silence}`,
    inVirtualTime(async () => {
      const { fetch } = scriptedService([streamOf(frame(0), silence)]);
      const { events, stop } = openStream(fetch);
      const done = take(events, 2);
      setTimeout(() => stop.abort(), 2000);
      assertEquals(await done, [0]);
      assertEquals(events.counts.state, "ended");
      assertEquals(events.counts.connected, false);
    }),
  );
}

Deno.test(
  "EventStream closes a silent connection that forgot its signal",
  inVirtualTime(async () => {
    const { fetch } = scriptedService([streamOf(frame(0), "deaf"), streamOf(frames(0, 2))]);
    const { events } = openStream(fetch, { idleTimeout: 60_000 });
    assertEquals(await take(events, 2), [0, 1]);
    assertEquals([...events.counts.reconnects.keys()], ["idle"]);
  }),
);

Deno.test("EventStream warns once while connections bring only duplicates", async () => {
  const { fetch } = scriptedService([
    ...Array.from({ length: 9 }, () => streamOf(frame(0))),
    streamOf(frames(0, 2)),
  ]);
  using log = gatherLog();
  const { events } = openStream(fetch);
  assertEquals(await take(events, 2), [0, 1]);
  assertEquals(events.counts.dropped, 9);
  assertEquals(log.lines, [
    "warning: The connection ended without a new event (end); " +
    "retrying",
    "info: Reading again after 0 s, failed attempts: 7",
  ]);
});

Deno.test("EventStream ignores empty frames and counts them as keep-alives", async () => {
  const empty = ["data:\n\n", "data\n\n", "data: \ndata:\n\n", "event: message\ndata:  \n\n"];
  const { fetch } = scriptedService([
    streamOf(frame(0) + empty.join("") + "event: ping\ndata:\n\n" + frame(1) + frame(2)),
  ]);
  const { events } = openStream(fetch);
  assertEquals(await take(events, 3), [0, 1, 2]);
  assertEquals([events.counts.keepAlives, events.counts.gaps], [4, 0]);
});

for (const [name, keepAlive] of [["comments", ":\n\n"], ["empty frames", "data:\n\n"]] as const) {
  Deno.test(
    `EventStream gives up a source that sends only ${name}`,
    inVirtualTime(async () => {
      const { fetch } = scriptedService([
        streamOf(frame(0), { every: 5000, send: keepAlive }),
        streamOf(frames(0, 2)),
      ]);
      const { events } = openStream(fetch, { idleTimeout: 60_000 });
      assertEquals(await take(events, 2), [0, 1]);
      assertEquals([...events.counts.reconnects.keys()], ["idle"]);
    }),
  );
}
