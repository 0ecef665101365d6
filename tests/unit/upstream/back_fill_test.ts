import { assertEquals } from "@std/assert";
import { BackFill, BackFillEnd } from "../../../lib/upstream/back_fill.ts";
import { Position } from "../../../lib/upstream/position/position.ts";
import { EventStream } from "../../../lib/upstream/stream.ts";

const UNTIL = 10_000;
const REFUSED = { data: new Uint8Array(0), event: undefined, rejection: "bad JSON" };
const [ACTIVE, IDLE] = ["eqiad.mediawiki.recentchange", "codfw.mediawiki.recentchange"];

/** Returns the handled times; `undefined` is a frame that could not be read. */
function handled(times: readonly (number | undefined)[], key = "a/0"): (number | undefined)[] {
  const end = new BackFillEnd(UNTIL);
  const due: { timestamp: number | undefined }[] = [];
  for (const timestamp of times) {
    const step = { key, timestamp, offset: timestamp, id: String(timestamp) };
    end.take({ ...step, ...REFUSED }, due as never[]);
  }
  return due.map(({ timestamp }) => timestamp);
}

Deno.test("BackFillEnd includes events before the time only", () => {
  assertEquals(handled([1, 9_999, 10_000, 10_001]), [1, 9_999]);
});

Deno.test("BackFillEnd includes a late event, and the held events before it", () => {
  assertEquals(handled([9_990, 10_020, 9_999, 10_040, 10_050]), [9_990, 10_020, 9_999]);
});

Deno.test("BackFillEnd is certain 1 s beyond the time", () => {
  assertEquals(handled([9_000, 10_500, 11_000, 9_001, 12_000]), [9_000]);
});

Deno.test("BackFillEnd is certain after 10,000 held events", () => {
  const many = Array.from({ length: 10_001 }, () => 10_100);
  assertEquals(handled([9_000, ...many, 9_001]), [9_000]);
  assertEquals(handled([9_000, ...many.slice(1), 9_001]).length, 10_002);
});

Deno.test("BackFillEnd holds at most 16 MiB", () => {
  const end = new BackFillEnd(UNTIL);
  const data = new Uint8Array(1024 * 1024);
  const arrival = { key: "a/0", timestamp: 10_100, offset: 1, id: "", ...REFUSED, data };
  for (let i = 0; i < 16; i++) end.take(arrival, []);
  assertEquals(end.isPassed("a/0"), false);
  end.take(arrival, []);
  assertEquals(end.isPassed("a/0"), true);
});

Deno.test("BackFillEnd keeps a frame without a time with its neighbors", () => {
  assertEquals(handled([undefined, 9_000, undefined, 10_000, undefined]), [
    undefined,
    9_000,
    undefined,
  ]);
});

Deno.test("BackFillEnd has an own end for each topic-partition", () => {
  const end = new BackFillEnd(UNTIL);
  const due: { timestamp: number }[] = [];
  const take = (key: string, timestamp: number) =>
    end.take({ key, timestamp, offset: timestamp, id: "", ...REFUSED }, due as never[]);
  take("idle/0", 90_000);
  take("active/0", 5_000);
  assertEquals([end.isPassed("idle/0"), end.isPassed("active/0")], [true, false]);
  assertEquals(due.map(({ timestamp }) => timestamp), [5_000]);
});

function frame(topic: string, timestamp: number): string {
  const id = [ACTIVE, IDLE].map((one) => ({
    topic: one,
    partition: 0,
    ...one === topic ? { timestamp: timestamp + 1 } : { offset: -1 },
  }));
  const meta = {
    id: `${topic}-${timestamp}`,
    dt: new Date(timestamp).toISOString(),
    domain: "en.wikipedia.org",
    topic,
    partition: 0,
    offset: timestamp,
  };
  return `event: message\nid: ${JSON.stringify(id)}\ndata: ${JSON.stringify({ meta })}\n\n`;
}

/**
 * Returns the times that a back-fill yields. Each connection gets one of `texts`, a frame at a time,
 * and then silence.
 */
async function backFill(
  texts: readonly string[],
  stop = new AbortController().signal,
): Promise<number[]> {
  const position = new Position(1000);
  let connections = 0;
  const body = () => {
    const text = texts[Math.min(connections++, texts.length - 1)];
    const frames = `:ok\n\n${text}`.match(/.*?\n\n/gs)!;
    return new ReadableStream({
      type: "bytes",
      pull(to) {
        const frame = frames.shift();
        if (frame !== undefined) to.enqueue(new TextEncoder().encode(frame));
      },
    });
  };
  const fetch = () =>
    Promise.resolve(new Response(body(), { headers: { "content-type": "text/event-stream" } }));
  const events = new BackFill({
    open: (stop) =>
      new EventStream({
        url: new URL("http://upstream.test/"),
        userAgent: "test",
        position,
        stop,
        fetch,
        idleTimeout: 5000,
      }),
    until: UNTIL,
    stop,
    patience: 300,
  });
  const seen: number[] = [];
  for await (const arrivals of events) {
    for (const { timestamp, event } of arrivals) {
      assertEquals((event!.body.meta as { offset: number }).offset, timestamp);
      seen.push(timestamp!);
    }
  }
  assertEquals(events.counts.state, "ended");
  return seen;
}

Deno.test("BackFill ends at once when every topic-partition is beyond the time", async () => {
  const text = frame(IDLE, 95_000) + frame(ACTIVE, 9_999) + frame(ACTIVE, 11_000);
  assertEquals(await backFill([text]), [9_999]);
});

Deno.test("BackFill ends if an idle topic brings nothing, after its late events", async () => {
  const text = frame(ACTIVE, 9_000) + frame(ACTIVE, 11_000) + frame(IDLE, 2_000);
  assertEquals(await backFill([text]), [9_000, 2_000]);
  assertEquals(await backFill([""]), []);
});

Deno.test("BackFill yields held events as they were received", async () => {
  const text = frame(IDLE, 95_000) + frame(ACTIVE, 10_100) + frame(ACTIVE, 9_999) +
    frame(ACTIVE, 11_000);
  assertEquals(await backFill([text]), [10_100, 9_999]);
});

Deno.test("BackFill treats a silent connection as dead at first", async () => {
  const [first, second, third] = [frame(ACTIVE, 8_000), frame(ACTIVE, 9_000), frame(IDLE, 9_500)];
  assertEquals(await backFill([first, first + second, first + second + third]), [
    ...[8_000, 9_000, 9_500],
  ]);
});

Deno.test("BackFill ends when it is stopped", async () => {
  assertEquals(await backFill([frame(ACTIVE, 9_000)], AbortSignal.timeout(50)), [9_000]);
});

Deno.test("BackFillEnd.moveTo() moves the end before events already read", () => {
  const end = new BackFillEnd(UNTIL);
  const due: { timestamp: number | undefined }[] = [];
  const take = (key: string, timestamp: number) =>
    end.take({ key, timestamp, offset: timestamp, id: "", ...REFUSED }, due as never[]);
  take("ahead/0", 8_000);
  take("behind/0", 4_000);
  end.moveTo(5_000);
  assertEquals([end.isPassed("ahead/0"), end.isPassed("behind/0")], [true, false]);
  for (const time of [8_500, 9_000]) take("ahead/0", time);
  for (const time of [4_999, 5_000, 6_000]) take("behind/0", time);
  assertEquals(due.map(({ timestamp }) => timestamp), [8_000, 4_000, 4_999]);
  assertEquals(end.isPassed("behind/0"), true);
});
