import { assertEquals } from "@std/assert";
import { Comparison, REPAIRED_HEADER } from "../../../lib/verify/comparison.ts";
import { MissingRecords } from "../../../lib/verify/missing.ts";
import { newReport, type VerifyReport } from "../../../lib/verify/report.ts";
import { murmur2 } from "../../../lib/kafka/wire/murmur2.ts";
import type { ProducerRecord } from "../../../lib/shared/producer_record.ts";
import { NO_DIFFERENCES } from "../../support/tools/differences.ts";

const SINCE = Date.UTC(2026, 0, 1);
const UNTIL = SINCE + 60_000;
const PARTITIONS = 3;
const bytes = (text: string) => new TextEncoder().encode(text);

/** Returns an edit of a page, as the producer writes it. */
function edit(id: number, page = `Page ${id}`, time = SINCE + id): ProducerRecord {
  const timestamp = new Date(time).toISOString();
  const value = { id, domain: "xx.example.org", title: page, timestamp, user_name: "Example" };
  return {
    topic: "edits",
    key: bytes(`xx.example.org/${page}`),
    value: bytes(JSON.stringify(value)),
    timestamp: time,
  };
}

interface Put extends ProducerRecord {
  readonly partition?: number;
}

const FIELDS = ["id", "domain", "title", "timestamp", "user_name"];

/** Compares expected records with those of a topic. */
function compare(
  expected: readonly ProducerRecord[],
  found: readonly Put[],
  { hasAppendTimes = false, logs = () => 0 }: {
    hasAppendTimes?: boolean;
    logs?: (index: number) => number;
  } = {},
): VerifyReport {
  const report = newReport({ since: SINCE, until: UNTIL });
  const missing = new MissingRecords(report);
  const options = { since: SINCE, until: UNTIL, fieldNames: FIELDS, seed: 1 };
  const comparison = new Comparison(options, report);
  for (const [i, record] of expected.entries()) comparison.expect(record, logs(i));
  report.expected = comparison.expected.size;
  comparison.beginTopic({ topic: "edits", partitions: PARTITIONS, hasAppendTimes });
  const places = new Map<number, number>();
  for (const { partition, ...record } of found) {
    const at = partition ?? (record.key === null ? 0 : murmur2(record.key) % PARTITIONS);
    const offset = places.get(at) ?? 0;
    places.set(at, offset + 1);
    const { timestamp, headers = {} } = record;
    comparison.take(at, { ...record, headers, offset: `${offset}`, timestamp: `${timestamp}` });
  }
  const deletedBefore = new Map<number, number>();
  const topic = { partitions: PARTITIONS, maxBytes: 1e6, deletedBefore, open: new Set<number>() };
  for (const record of expected) {
    if (!comparison.explain(record)) continue;
    missing.judge(record, { isHandled: true, topic, bytes: 100 });
  }
  missing.takeRest(comparison.leftovers);
  return report;
}

const EDITS = Array.from({ length: 100 }, (_, i) => edit(i, `Page ${i % 10}`));

Deno.test("Comparison finds each record once, in order", () => {
  const report = compare(EDITS, EDITS);
  assertEquals(report.differences, NO_DIFFERENCES);
  assertEquals([report.expected, report.found], [100, 100]);
});

Deno.test("Comparison counts a lost record, and lists it", () => {
  const report = compare(EDITS, EDITS.filter((_, i) => i !== 42));
  assertEquals(report.differences, { ...NO_DIFFERENCES, lost: 1 });
  assertEquals(report.examples.lost, [{
    time: SINCE + 42,
    domain: "xx.example.org",
    title: "Page 2",
    topic: "edits",
    partition: null,
    offset: null,
  }]);
});

Deno.test("Comparison counts each further copy of a record as a duplicate", () => {
  const report = compare(EDITS, [...EDITS, EDITS[5]!, EDITS[5]!]);
  assertEquals(report.differences, { ...NO_DIFFERENCES, duplicated: 2 });
  assertEquals(report.found, 100);
});

Deno.test("Comparison expects equal records as often as they are added", () => {
  const twice = [edit(1), edit(1), edit(2)];
  assertEquals(compare(twice, twice).differences, NO_DIFFERENCES);
  assertEquals(compare(twice, [edit(1), edit(2)]).differences, { ...NO_DIFFERENCES, lost: 1 });
  const thrice = [...twice, edit(1)];
  assertEquals(compare(twice, thrice).differences, { ...NO_DIFFERENCES, duplicated: 1 });
});

Deno.test("Comparison names the fields of a changed record", () => {
  const changed = { ...EDITS[7]!, value: bytes(textOf(EDITS[7]!).replace("Example", "Other")) };
  const report = compare(EDITS, EDITS.with(7, changed));
  assertEquals(report.differences, { ...NO_DIFFERENCES, different: 1 });
  assertEquals(report.examples.different[0]!.fields, ["user_name"]);
});

Deno.test("Comparison pairs a record whose key, time or headers were changed", () => {
  const others: readonly (readonly [string, Put])[] = [
    ["record key", { ...EDITS[7]!, key: bytes("another") }],
    ["record key", { ...EDITS[7]!, key: null }],
    ["record timestamp", { ...EDITS[7]!, timestamp: SINCE + 50_000 }],
    ["record headers", { ...EDITS[7]!, headers: { trace: bytes("1") } }],
  ];
  for (const [field, changed] of others) {
    const report = compare(EDITS, EDITS.with(7, changed));
    assertEquals(report.differences, { ...NO_DIFFERENCES, different: 1 }, field);
    assertEquals(report.examples.different[0]!.fields, [field]);
  }
});

Deno.test("Comparison counts one of two swapped records of a key as out of order", () => {
  const swapped = EDITS.with(3, EDITS[13]!).with(13, EDITS[3]!);
  assertEquals(compare(EDITS, swapped).differences, { ...NO_DIFFERENCES, outOfOrder: 1 });
});

Deno.test("Comparison ignores the order of different keys and logs", () => {
  const keys = EDITS.with(3, EDITS[4]!).with(4, EDITS[3]!);
  assertEquals(compare(EDITS, keys).differences, NO_DIFFERENCES);
  const logs = EDITS.with(3, EDITS[13]!).with(13, EDITS[3]!);
  assertEquals(compare(EDITS, logs, { logs: (i) => i === 3 ? 1 : 0 }).differences, NO_DIFFERENCES);
});

Deno.test("Comparison ignores the order of records without a key", () => {
  const keyless = EDITS.map((edit) => ({ ...edit, key: null }));
  assertEquals(compare(keyless, keyless.toReversed()).differences, NO_DIFFERENCES);
});

Deno.test("Comparison counts a record in another partition separately", () => {
  const at = murmur2(EDITS[3]!.key!) % PARTITIONS;
  const moved = EDITS.toSpliced(3, 1);
  const report = compare(EDITS, [...moved, { ...EDITS[3]!, partition: (at + 1) % PARTITIONS }]);
  assertEquals(report.differences, { ...NO_DIFFERENCES, wrongPartition: 1 });
});

Deno.test("Comparison checks the order within another partitioner's partitions", () => {
  const elsewhere = EDITS.map((edit) => ({
    ...edit,
    partition: (murmur2(edit.key!) + 1) % PARTITIONS,
  }));
  assertEquals(compare(EDITS, elsewhere).differences, { ...NO_DIFFERENCES, wrongPartition: 100 });
  const swapped = elsewhere.with(3, elsewhere[13]!).with(13, elsewhere[3]!);
  assertEquals(compare(EDITS, swapped).differences.outOfOrder, 1);
});

Deno.test("Comparison counts foreign records only within the span", () => {
  const foreign = { ...edit(999), value: bytes("not JSON"), key: bytes("key") };
  const early = { ...foreign, timestamp: SINCE - 1 };
  const late = { ...foreign, timestamp: UNTIL };
  const report = compare(EDITS, [early, ...EDITS, foreign, late]);
  assertEquals(report.differences, { ...NO_DIFFERENCES, foreign: 1 });
});

Deno.test("Comparison ignores unexpected records at the edges", () => {
  const before = edit(1000, "Page 1", SINCE - 1);
  const after = edit(1001, "Page 1", UNTIL);
  const first = edit(1002, "Page 1", SINCE);
  const last = edit(1003, "Page 1", UNTIL - 1);
  const report = compare([before, first, last, after], [before, first, last, after]);
  assertEquals(report.differences, NO_DIFFERENCES);
  assertEquals([report.expected, report.found], [2, 2]);
  assertEquals(compare([first, last], [before, after]).differences, { ...NO_DIFFERENCES, lost: 2 });
});

Deno.test("Comparison does not count a repaired record as out of order", () => {
  const repaired = { ...EDITS[3]!, headers: { [REPAIRED_HEADER]: bytes("2026-01-01") } };
  const report = compare(EDITS, [...EDITS.toSpliced(3, 1), repaired]);
  assertEquals(report.differences, NO_DIFFERENCES);
  assertEquals([report.found, report.repaired], [100, 1]);
});

Deno.test("Comparison accepts equal JSON of another program", () => {
  const others = EDITS.map((edit): Put => {
    const { id, ...rest } = JSON.parse(textOf(edit));
    return {
      ...edit,
      value: bytes(JSON.stringify({ ...rest, id }, null, 1)),
      // The time at which it was produced.
      timestamp: UNTIL + 3_600_000,
    };
  });
  const report = compare(EDITS, others.toSpliced(9, 1));
  assertEquals(report.differences, { ...NO_DIFFERENCES, lost: 1 });
  assertEquals(report.found, 99);
});

Deno.test("Comparison does not compare times that the broker sets", () => {
  const appended = EDITS.map((edit) => ({ ...edit, timestamp: UNTIL + 1 }));
  assertEquals(compare(EDITS, appended, { hasAppendTimes: true }).differences, NO_DIFFERENCES);
});

Deno.test("Comparison finds several faults at once", () => {
  const changed = { ...EDITS[20]!, value: bytes(textOf(EDITS[20]!).replace("Example", "Other")) };
  const foreign = { ...edit(999), value: bytes("not JSON") };
  const found: Put[] = EDITS.with(20, changed).with(31, EDITS[41]!).with(41, EDITS[31]!);
  found.push(EDITS[60]!, foreign);
  const report = compare(EDITS, found.filter((record) => record !== EDITS[50]));
  assertEquals(report.differences, {
    lost: 1,
    duplicated: 1,
    different: 1,
    outOfOrder: 1,
    wrongPartition: 0,
    foreign: 1,
  });
  assertEquals(report.found + 2, report.expected);
});

function textOf({ value }: ProducerRecord): string {
  return new TextDecoder().decode(value);
}
