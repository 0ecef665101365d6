import { assertEquals, assertThrows } from "@std/assert";
import { assign, type Request } from "../../../../lib/replay/service/assignment.ts";
import { Refusal } from "../../../../lib/replay/service/refusal.ts";
import { CODFW, EQIAD, START, syntheticLog } from "../../../../lib/replay/synthetic/log.ts";

const log = syntheticLog({ rate: 40, canaryEvery: 4000 });
const [eqiad, codfw] = log.topics as [typeof log.topics[0], typeof log.topics[0]];
/** 1,000 s after the start, there are 40,000 events and 10 canaries of the idle topic. */
const NOW = START + 1_000_000;

function assigned(asked: { since?: string; lastEventId?: unknown } | string = {}) {
  const request: Request = {
    topics: log.topics,
    since: typeof asked === "string" ? undefined : asked.since,
    lastEventId: typeof asked === "string"
      ? asked
      : asked.lastEventId === undefined
      ? undefined
      : JSON.stringify(asked.lastEventId),
    available: (topic) => topic.firstDue(NOW + 1),
    fromNowOn: (topic) => topic.firstDue(NOW),
  };
  return assign(request).map(({ log, index, offset }) => [log.topic, index, offset]);
}

const entry = (topic: string, place: Record<string, unknown>) => ({
  topic,
  partition: 0,
  ...place,
});

function refusal(asked: Parameters<typeof assigned>[0]): Refusal {
  return assertThrows(() => assigned(asked), Refusal);
}

Deno.test("assign() begins from now on if nothing is requested", () => {
  const now = [[EQIAD, 40_000, -1], [CODFW, 10, -1]];
  assertEquals(assigned(), now);
  assertEquals(assigned({ since: "" }), now);
});

Deno.test("assign() begins each topic at its first timestamp from since on", () => {
  const T = START + 500_000;
  const expected = [
    [EQIAD, eqiad.firstAt(T), eqiad.offset(eqiad.firstAt(T))],
    [CODFW, 5, codfw.offset(5)],
  ];
  assertEquals(assigned({ since: String(T) }), expected);
  assertEquals(assigned({ since: new Date(T).toISOString() }), expected);
  assertEquals(eqiad.timestamp(eqiad.firstAt(T)) >= T, true);
  assertEquals(eqiad.timestamp(eqiad.firstAt(T) - 1) < T, true);
});

Deno.test("assign() begins with the oldest event for an early since", () => {
  assertEquals(assigned({ since: "0" }), [[EQIAD, 0, eqiad.offset(0)], [
    CODFW,
    0,
    codfw.offset(0),
  ]]);
  // Even with more digits than numbers can distinguish.
  for (const timestamp of [NOW + 5000, 8.64e15, 2.2e17, 1e20, 1e300]) {
    const fromNowOn = [[EQIAD, 40_001, -1], [CODFW, 10, -1]];
    assertEquals(assigned({ since: String(timestamp) }), fromNowOn);
    const lastEventId = [entry(EQIAD, { timestamp }), entry(CODFW, { timestamp })];
    assertEquals(assigned({ lastEventId }), fromNowOn);
  }
});

Deno.test("assign() prefers Last-Event-ID over since", () => {
  const lastEventId = [entry(EQIAD, { timestamp: START + 1000 }), entry(CODFW, { offset: -1 })];
  const at = eqiad.firstAt(START + 1000);
  assertEquals(
    assigned({ since: "0", lastEventId }),
    [[EQIAD, at, eqiad.offset(at)], [CODFW, 10, -1]],
  );
});

Deno.test("assign() does not read a topic that Last-Event-ID leaves out", () => {
  assertEquals(assigned({ lastEventId: [entry(CODFW, { offset: -2 })] }), [[CODFW, 0, -2]]);
  assertEquals(
    assigned({ lastEventId: [entry(CODFW, { offset: 0 }), entry(EQIAD, { offset: -1 })] })
      .map(([topic]) => topic),
    [CODFW, EQIAD],
  );
  assertEquals(assigned({ lastEventId: [{ topic: EQIAD, partition: 7, offset: -1 }] }), []);
});

Deno.test("assign() begins with an existing offset, otherwise from now on", () => {
  const at = (offset: number) => assigned({ lastEventId: [entry(EQIAD, { offset })] })[0]![1];
  assertEquals(at(eqiad.offset(123)), 123);
  assertEquals(at(eqiad.offset(0) - 1), 40_000);
  assertEquals(at(eqiad.offset(40_001)), 40_001);
  assertEquals(at(eqiad.offset(99_999_999)), 40_001);
});

Deno.test("assign() combines topic names in Last-Event-ID with since", () => {
  assertEquals(assigned({ since: "0", lastEventId: [CODFW] }), [[CODFW, 0, codfw.offset(0)]]);
});

Deno.test("assign() rejects an invalid since with 400", () => {
  const { status, body } = refusal({ since: "yesterday" });
  assertEquals([status, body["type"]], [400, "invalid_timestamp"]);
});

Deno.test("assign() rejects a malformed Last-Event-ID with 400", () => {
  const malformed = [
    "{",
    "[]",
    "{}",
    "null",
    "[1]",
    '[{"topic":"x"}]',
    '[{"topic":"x","partition":0}]',
    '[{"topic":"x","partition":"0","offset":1}]',
    '[{"topic":"x","partition":0,"timestamp":"1"}]',
  ];
  for (const text of malformed) {
    const { status, body } = refusal(text);
    assertEquals([text, status, body["name"]], [text, 400, "InvalidAssignmentError"]);
  }
});

Deno.test("assign() rejects a topic of another stream with 404", () => {
  const lastEventId = [entry(EQIAD, { offset: -1 }), entry("eqiad.other", { offset: -1 })];
  const { status, body } = refusal({ lastEventId });
  assertEquals([status, body["name"], body["message"]], [
    404,
    "TopicNotAvailableError",
    "Topics eqiad.other are not available for consumption.",
  ]);
});
