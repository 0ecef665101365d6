import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../lib/shared/error.ts";
import { records } from "../../../lib/replay/log.ts";
import { readRecording } from "../../../lib/replay/recording.ts";

const EQIAD = "eqiad.mediawiki.recentchange";
const CODFW = "codfw.mediawiki.recentchange";
const T = Date.UTC(2024, 8, 1);

function event(offset: number, topic = EQIAD): string {
  const meta = { dt: new Date(T + offset).toISOString(), topic, partition: 0, offset };
  return JSON.stringify({ $schema: "/x", meta, title: "é🦊" });
}

function id(offset: number): string {
  return `[{"topic":"${EQIAD}","partition":0,"timestamp":${T + offset + 1}},` +
    `{"topic":"${CODFW}","partition":0,"offset":-1}]`;
}

function frame(offset: number): string {
  return `event: message\nid: ${id(offset)}\ndata: ${event(offset)}\n\n`;
}

function read(text: string, options: { rate?: number; count?: number } = {}) {
  return readRecording(text, { name: "r", ...options });
}

function recordsIn(text: string) {
  const log = read(text).topics[0]!;
  const decoder = new TextDecoder();
  return [...records(log)].map(({ offset, timestamp, data }, index) => ({
    offset,
    timestamp: timestamp - T,
    data: decoder.decode(data),
    verbatim: log.verbatim?.(index) !== undefined,
  }));
}

Deno.test("readRecording() reads raw SSE, with topics and timestamps of 'id'", () => {
  const log = read(`:ok\n\n${frame(5)}${frame(6)}`);
  assertEquals(log.topics.map(({ topic, end }) => [topic, end]), [[EQIAD, 2], [CODFW, 0]]);
  assertEquals(log.topics[0]!.streams, ["mediawiki.recentchange", "recentchange"]);
  assertEquals(recordsIn(`:ok\n\n${frame(5)}${frame(6)}`), [
    { offset: 5, timestamp: 5, data: event(5), verbatim: false },
    { offset: 6, timestamp: 6, data: event(6), verbatim: false },
  ]);
});

Deno.test("readRecording() reads CRLF and a byte order mark", () => {
  assertEquals(recordsIn(`\ufeff${frame(5)}${frame(6)}`.replaceAll("\n", "\r\n")).length, 2);
});

Deno.test("readRecording() reads JSON lines, with the timestamp of meta.dt", () => {
  assertEquals(recordsIn(`${event(7)}\n\n${event(9)}`), [
    { offset: 7, timestamp: 7, data: event(7), verbatim: false },
    { offset: 9, timestamp: 9, data: event(9), verbatim: false },
  ]);
});

Deno.test("readRecording() keeps an incomplete frame and one of many lines", () => {
  const spread = `event: message\nid: [\n]\ndata: {\n"a":1\n}\n\n`;
  const half = `event: message\nid: ${id(8)}\n`;
  assertEquals(recordsIn(`${frame(5)}${spread}${frame(7)}${half}`).slice(1), [
    { offset: 6, timestamp: 5, data: spread, verbatim: true },
    { offset: 7, timestamp: 7, data: event(7), verbatim: false },
    { offset: 8, timestamp: 7, data: half, verbatim: true },
  ]);
});

Deno.test("readRecording() keeps bad JSON, with the next offset", () => {
  assertEquals(recordsIn(`${event(7)}\n{"meta":\n`)[1], {
    offset: 8,
    timestamp: 7,
    data: '{"meta":',
    verbatim: false,
  });
});

Deno.test("readRecording() finds records by offset, timestamp and time", () => {
  const log = read([event(10), event(20), event(30)].join("\n"), { rate: 2 }).topics[0]!;
  assertEquals([0, 1, 2].map((index) => log.due(index)), [0, 500, 1000]);
  assertEquals([log.firstDue(1), log.firstDue(1001)], [1, 3]);
  assertEquals([log.firstAt(T + 11), log.firstAt(T + 31)], [1, 3]);
  assertEquals([log.firstFrom(20), log.firstFrom(21), log.firstFrom(31)], [1, 2, 3]);
  assertEquals(log.offset(3), 31);
});

Deno.test("readRecording() returns only the first events if count is set", () => {
  assertEquals(read(`${frame(5)}${frame(6)}`, { count: 1 }).topics[0]!.end, 1);
});

Deno.test("readRecording() throws UserError for a recording without events", () => {
  for (const text of ["", "\n\n", ":ok\n\n", "<html>", "{}", '{"meta":{}}', "event: message\n\n"]) {
    assertThrows(
      () => read(text),
      UserError,
      "Cannot use recording 'r': it has no events",
    );
  }
});

Deno.test("readRecording() throws UserError for an event beyond 8 MiB", () => {
  const error = assertThrows(() => read(`${frame(5)}data: ${"x".repeat(9_000_000)}`), UserError);
  assertEquals(error.message, "Cannot use recording 'r': an event is larger than 8 MiB");
});
