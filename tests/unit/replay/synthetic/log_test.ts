import { assert, assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { type LogRecord, records, type TopicLog } from "../../../../lib/replay/log.ts";
import { isCanary } from "../../../../lib/edits/event/event_fields.ts";
import { KEYS } from "../../../../lib/edits/routing/key.ts";
import { readEvent } from "../../../../lib/upstream/parse/event.ts";
import {
  CODFW,
  EQIAD,
  START,
  syntheticLog,
  syntheticStreams,
} from "../../../../lib/replay/synthetic/log.ts";

// deno-lint-ignore no-explicit-any -- events of every shape
type Json = any;

const decoder = new TextDecoder("utf-8", { fatal: true });
const parse = ({ data }: LogRecord): Json => JSON.parse(decoder.decode(data));
const eqiad = (options: Parameters<typeof syntheticLog>[0] = {}) =>
  syntheticLog(options).topics[0]!;

/** One log for several tests, with enough events for every quirk. */
const COUNT = 30_000;
const sample = [...records(eqiad({ seed: 1, count: COUNT, canaryEvery: 1000 }))];
const events = sample.map(parse);
const edits = events.filter(({ type }) => type === "edit");

function share(matches: (event: Json) => boolean, of: readonly Json[] = events): number {
  return of.filter(matches).length / of.length;
}

function assertNear(actual: number, expected: number, tolerance: number): void {
  assert(Math.abs(actual - expected) <= tolerance, `${actual} is not about ${expected}`);
}

Deno.test("syntheticLog() returns the same bytes for an index, in any order", () => {
  const log = eqiad({ seed: 1, canaryEvery: 1000 });
  for (const index of [29_999, 5, 17_123, 0]) {
    const [again] = records(log, index, index + 1);
    assertEquals(again, sample[index]);
  }
});

Deno.test("syntheticLog() invents other events from another seed", () => {
  const [other] = records(eqiad({ seed: 2 }), 0, 1);
  assertNotEquals(parse(other!).meta.id, events[0].meta.id);
});

Deno.test("syntheticLog() has the mix of the real stream", () => {
  assertNear(share(({ type }) => type === "categorize"), 0.51, 0.015);
  assertNear(share(({ type }) => type === "edit"), 0.38, 0.015);
  assertNear(share(({ type }) => type === "log"), 0.06, 0.01);
  assertNear(share(({ type }) => type === "new"), 0.05, 0.01);
  assertNear(share(({ bot }) => bot === true), 0.45, 0.03);
});

Deno.test("syntheticLog() has events as large as the real ones", () => {
  const sizes = sample.map(({ data }) => data.length).sort((a, b) => a - b);
  assertNear(sizes.reduce((sum, size) => sum + size, 0) / COUNT, 1380, 80);
  assertNear(sizes[Math.floor(COUNT * 0.95)]!, 1900, 150);
  assert(sizes.at(-1)! > 5000 && sizes.at(-1)! < 16_000, `${sizes.at(-1)}`);
});

Deno.test("syntheticLog() writes what JSON.stringify would write", () => {
  for (const [i, { data }] of sample.slice(0, 2000).entries()) {
    assertEquals(decoder.decode(data), JSON.stringify(events[i]));
  }
});

Deno.test("syntheticLog() numbers topics without gaps", () => {
  for (const [i, { meta }] of events.entries()) {
    assertEquals(meta.topic, EQIAD);
    assertEquals(meta.partition, 0);
    assertEquals(meta.offset, sample[0]!.offset + i);
  }
  assertEquals(new Set(events.map(({ meta }) => meta.id)).size, COUNT);
});

Deno.test("syntheticLog() has meta.dt, timestamp and Kafka's timestamp agree", () => {
  for (const [i, event] of events.entries()) {
    assertEquals(Date.parse(event.meta.dt), sample[i]!.timestamp);
    if (event.timestamp !== undefined) {
      assertEquals(event.timestamp, Math.floor(sample[i]!.timestamp / 1000));
    }
  }
});

Deno.test("syntheticLog() has timestamps that repeat or go back", () => {
  const steps = sample.slice(1).map(({ timestamp }, i) => timestamp - sample[i]!.timestamp);
  const day = 86_400_000;
  const near = steps.filter((step) => Math.abs(step) < day);
  assertNear(share((step) => step === 0, steps), 0.02, 0.005);
  assertNear(share((step) => step < 0 && step > -day, steps), 0.2, 0.02);
  assertEquals(Math.min(...near), -46);
  assertNear(share((step) => step < -300 * day, steps), 1 / 400, 1 / 800);
});

Deno.test("syntheticLog() has every quirk of the real events", () => {
  const logs = events.filter(({ type }) => type === "log");
  const created = events.filter(({ type }) => type === "new");
  const has = (name: string, matches: (event: Json) => boolean, of = events) =>
    assert(of.some(matches), `no event with ${name}`);
  has("an id that is null", ({ id }) => id === null, logs);
  has("no id", (event) => !("id" in event), logs);
  has("an id beyond 2^31", ({ id }) => id > 2 ** 31, edits);
  has("log_params as an object", ({ log_params: p }) => p.constructor === Object, logs);
  has("log_params as an empty array", ({ log_params: p }) => Array.isArray(p), logs);
  has("log_params as a string", ({ log_params: p }) => typeof p === "string", logs);
  has("no length.old", ({ length }) => !("old" in length), created);
  has("length.old null", ({ length }) => length.old === null, created);
  has("type 142", ({ type }) => type === "142");
  has("namespace 2600", ({ namespace }) => namespace === 2600);
  has("namespace 104", ({ namespace }) => namespace === 104, edits);
  has("no user", (event) => !("user" in event), edits);
  has("a temporary account", ({ user }) => user?.startsWith("~2026-"), edits);
  has("an IPv4 user", ({ user }) => /^\d+(\.\d+){3}$/.test(user), edits);
  has("an IPv6 user", ({ user }) => /^2001:/.test(user), edits);
  has("a comment of several lines", ({ comment }) => comment?.includes("\n"), edits);
  has("an empty comment", ({ comment }) => comment === "", edits);
  has("quotes in the title", ({ title }) => /".*'/.test(title), edits);
  has("a backslash in the title", ({ title }) => title?.includes("\\"), edits);
  has("right-to-left marks in the title", ({ title }) => title?.includes("\u200f"), edits);
  has("a title beyond the BMP", ({ title }) => /[\u{10000}-\u{10ffff}]/u.test(title), edits);
  for (const event of [...logs, ...events.filter(({ type }) => type === "categorize")]) {
    assert(!("length" in event) && !("revision" in event));
  }
});

Deno.test("syntheticLog() has canaries of $schema and meta, at the given rate", () => {
  const canaries = events.filter(({ meta }) => meta.domain === "canary");
  assertEquals(canaries.length, COUNT / 1000);
  for (const canary of canaries) assertEquals(Object.keys(canary), ["$schema", "meta"]);
});

Deno.test("syntheticLog() edits some pages often, with ids that ascend", () => {
  const pages = new Map<string, number[]>();
  for (const { wiki, title, id } of edits) {
    const page = `${wiki}/${title}`;
    pages.set(page, [...pages.get(page) ?? [], id]);
  }
  const most = Math.max(...[...pages.values()].map(({ length }) => length));
  assert(most > 50, `${most}`);
  assert(pages.size > 300, `${pages.size}`);
  for (const ids of pages.values()) assertEquals(ids, ids.toSorted((a, b) => a - b));
});

Deno.test("syntheticLog() has only canaries in the idle topic", () => {
  const log = syntheticLog({ count: 10_000, canaryEvery: 1000 });
  const idle = [...records(log.topics[1]!)];
  assertEquals(idle.length, 10);
  for (const canary of idle) {
    assertEquals(parse(canary).meta.domain, "canary");
    assertEquals(parse(canary).meta.topic, CODFW);
    assertEquals(Date.parse(parse(canary).meta.dt), canary.timestamp);
  }
});

Deno.test("syntheticLog() has the old envelope before 2019", () => {
  const log = eqiad({ start: Date.UTC(2018, 5, 1), count: 100 });
  const event = [...records(log)].map(parse).find(({ type }) => type === "edit");
  assert(!("$schema" in event) && !("stream" in event.meta));
  assertMatch(event.meta.dt, /^2018-.*\+00:00$/);
  assertEquals(event.meta.schema_uri, "mediawiki/recentchange/2");
  assertEquals(Object.keys(event), Object.keys(event).toSorted());
  for (const record of records(log)) {
    const { meta } = parse(record);
    if (meta.domain !== "canary") assertEquals(Date.parse(meta.dt), record.timestamp);
  }
});

Deno.test("syntheticLog() begins at 'from' and ends after 'count'", () => {
  const from = START + 3_600_000;
  const log = syntheticLog({ from, count: 100, rate: 40 });
  const [active] = log.topics as [TopicLog];
  assertEquals([active.first, active.end], [144_000, 144_100]);
  assertEquals(log.origin, from);
  assertEquals([...records(active)].length, 100);
  const [first] = records(active);
  const [same] = records(eqiad({ rate: 40 }), 144_000);
  assertEquals(first, same);
});

Deno.test("firstAt() equals a linear search for the timestamp", () => {
  const log = eqiad({ count: 5000 });
  const timestamps = [...records(log)].map(({ timestamp }) => timestamp);
  for (let wanted = START - 100; wanted < START + 130_000; wanted += 37) {
    const index = timestamps.findIndex((timestamp) => timestamp >= wanted);
    assertEquals(log.firstAt(wanted), index < 0 ? log.end : index);
  }
});

Deno.test("firstDue() finds the first due record, at any rate", () => {
  for (const rate of [0.1, 7, 40, 999, 123_456]) {
    const log = eqiad({ rate });
    for (const index of [0, 1, 2, 1000, 123_457, 5_000_000_011]) {
      const found = log.firstDue(log.due(index));
      assert(found <= index && log.due(found) === log.due(index));
      assert(found === 0 || log.due(found - 1) < log.due(index));
    }
  }
});

Deno.test("syntheticLog() changes the data center at 'switchAt', in both topics", () => {
  const log = syntheticLog({ count: 4000, switchAt: 2500, canaryEvery: 500, rate: 40 });
  const [before, after] = log.topics.map((topic) => [...records(topic)].map(parse));
  const real = (of: Json[]) => of.filter(({ meta }) => meta.domain !== "canary");
  const plain = [...records(eqiad({ count: 4000, canaryEvery: 500, rate: 40 }))].map(parse);
  const ids = (of: Json[]) => of.map(({ meta }) => meta.id);
  assertEquals(ids([...before!.slice(0, 2500), ...after!.slice(5)]), ids(plain));
  assertEquals(before!.length, 2500 + 3);
  assertEquals(real(before!.slice(2500)), []);
  assertEquals(real(after!.slice(0, 5)), []);
  for (const [number, topic] of log.topics.entries()) {
    const all = [before, after][number]!;
    for (const [i, { meta }] of all.entries()) {
      assertEquals(meta.offset, topic.offset(i));
      assertEquals(Date.parse(meta.dt), topic.timestamp(i));
      if (i > 0) assert(topic.due(i) >= topic.due(i - 1));
    }
  }
});

Deno.test("syntheticLog() can renumber the same events", () => {
  const [renumbered] = records(eqiad({ seed: 1, offsets: { eqiad: 17, codfw: 0 } }), 0, 1);
  assertEquals(renumbered!.offset, 17);
  assertEquals(parse(renumbered!), { ...events[0], meta: { ...events[0].meta, offset: 17 } });
});

Deno.test("syntheticLog() throws RangeError for invalid options", () => {
  for (
    const options of [{ rate: 0 }, { rate: NaN }, { count: 0 }, { canaryEvery: 0.5 }, { seed: -1 }]
  ) {
    assertThrows(() => syntheticLog(options), RangeError);
  }
});

Deno.test("syntheticStreams() has three streams, whose events have keys", () => {
  const log = syntheticStreams({ seed: 3, rate: 40, count: 4000, canaryEvery: 400 });
  const counts: Record<string, number> = {};
  for (const topic of log.topics.filter(({ topic }) => topic.startsWith("eqiad."))) {
    for (const { data } of records(topic)) {
      const event = readEvent(data);
      if (isCanary(event)) continue;
      counts[event.meta.stream] = (counts[event.meta.stream] ?? 0) + 1;
      assertMatch(KEYS.page(event)!, /^[\w.-]+\/[^_]+$/);
      assertEquals(event.meta.topic, topic.topic);
    }
  }
  assertEquals(counts, {
    "mediawiki.recentchange": 3990,
    "mediawiki.page-create": 190,
    "mediawiki.page_change.v1": 1590,
  });
});
