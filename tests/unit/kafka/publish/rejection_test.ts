import { Buffer } from "node:buffer";
import { assertEquals } from "@std/assert";
import type { Chunk } from "../../../../lib/kafka/publish/send/chunks.ts";
import type { ProducerRecord } from "../../../../lib/shared/producer_record.ts";
import {
  Acceptances,
  acceptedTimes,
  conditionText,
  findingsOf,
  isAtFault,
  isCondition,
  type Rejected,
  RejectedAttempts,
  TopicRejects,
} from "../../../../lib/kafka/publish/rejection.ts";
import { type ChunkRejection, ChunksRejected } from "../../../../lib/kafka/publish/send/send.ts";

const NOW = Date.UTC(2026, 0, 1, 12);
const HOUR = 3_600_000;

function record(timestamp = NOW): ProducerRecord {
  return { topic: "edits", key: Buffer.from("k"), value: Buffer.from("v"), timestamp };
}

function chunkOf(...records: ProducerRecord[]): Chunk {
  return { topic: "edits", partition: 0, records, messages: records.map(() => ({})) as never };
}

function rejectedBy(
  chunk: Chunk,
  rejection: Partial<ChunkRejection>,
  accepted: Chunk[] = [],
): ChunksRejected {
  const all = { type: "INVALID_RECORD", recordErrors: [], ...rejection };
  return new ChunksRejected(new Map([[chunk, all]]), new Set(accepted), false);
}

const late = (timestamp: number, detail: string | null = null): Rejected => ({
  record: record(timestamp),
  reason: "INVALID_TIMESTAMP",
  detail,
});

const conditions: readonly (readonly [string, boolean, number[], number[]])[] = [
  ["all records are rejected", true, [NOW, NOW], []],
  ["half of the records are rejected", true, [NOW - HOUR], [NOW]],
  ["one old record among others is rejected", false, [NOW - HOUR], [NOW, NOW]],
  ["a record 2 h ahead of the others is rejected", false, [NOW + 2 * HOUR], [NOW, NOW]],
  ["the newest records, 1 s ahead, are rejected", true, [NOW + 1000], [NOW, NOW]],
  ["live records are rejected beside one from years ago", true, [NOW, NOW, NOW], [0]],
];

for (const [name, expected, rejected, accepted] of conditions) {
  const what = expected ? "a condition" : "a record's own fault";
  Deno.test(`isCondition() recognizes ${what}: ${name}`, () => {
    const others = accepted.map((timestamp) => ({ timestamp }));
    assertEquals(isCondition(rejected.map((time) => late(time)), others), expected);
  });
}

Deno.test("isCondition() counts earlier accepted records for INVALID_RECORD", () => {
  const keyed = { record: record(), reason: "INVALID_RECORD" };
  assertEquals(isCondition([keyed], [], 2), false);
  assertEquals(isCondition([keyed, keyed], [], 2), true);
  const keyless = { record: { ...record(), key: null }, reason: "INVALID_RECORD" };
  assertEquals(isCondition([keyless], [], 2), true, "the topic may be compacted now");
  assertEquals(isCondition([late(NOW)], [], 2), true, "the broker's clock may have changed");
});

Deno.test("Acceptances subtracts rejected records from accepted ones", () => {
  const accepted = new Acceptances();
  accepted.note([record(), record(), record()], []);
  assertEquals([accepted.of("edits"), accepted.of("other")], [3, 0]);
  accepted.note(new Array(100).fill(record()), []);
  assertEquals(accepted.of("edits"), 10);
  for (let rejected = 0; rejected < 12; rejected++) {
    accepted.note([record()], [{ record: record(), reason: "INVALID_RECORD" }]);
  }
  assertEquals(accepted.of("edits"), 0);
});

const DAY = 24 * HOUR;
const MB = 1_000_000;
const faults: readonly (readonly [string, boolean, Partial<ProducerRecord>, string, number])[] = [
  ["a record above the limit", true, { value: Buffer.alloc(MB) }, "MESSAGE_TOO_LARGE", MB],
  ["a record within the limit", false, { value: Buffer.alloc(MB / 2) }, "MESSAGE_TOO_LARGE", MB],
  [
    "an ordinary record above a low limit",
    false,
    { value: Buffer.alloc(2000) },
    "MESSAGE_TOO_LARGE",
    1000,
  ],
  ["a record 400 days old", true, { timestamp: NOW - 400 * DAY }, "INVALID_TIMESTAMP", MB],
  ["a record 400 days ahead", true, { timestamp: NOW + 400 * DAY }, "INVALID_TIMESTAMP", MB],
  ["a record 2 h ahead", false, { timestamp: NOW + 2 * HOUR }, "INVALID_TIMESTAMP", MB],
  ["a record 30 days old", false, { timestamp: NOW - 30 * DAY }, "INVALID_TIMESTAMP", MB],
  ["a record that is invalid", false, {}, "INVALID_RECORD", MB],
];

for (const [name, expected, change, reason, maxBytes] of faults) {
  Deno.test(`isAtFault() is ${expected} for ${name}`, () => {
    const rejected = { record: { ...record(), ...change }, reason };
    assertEquals(isAtFault(rejected, { maxBytes }, NOW), expected);
  });
}

Deno.test("isAtFault() is false if the stream's time is unknown", () => {
  assertEquals(isAtFault(late(0), { maxBytes: MB }, undefined), false);
});

Deno.test("Acceptances.mayReject() allows 10 records until the topic accepts one", () => {
  const accepted = new Acceptances();
  const refused = Array.from({ length: 8 }, () => ({ record: record(), reason: "?" }));
  accepted.note(refused.map(({ record }) => record), refused);
  assertEquals([accepted.mayReject("edits", 2), accepted.mayReject("edits", 3)], [true, false]);
  accepted.note([record()], []);
  assertEquals(accepted.mayReject("edits", 10), true);
});

Deno.test("RejectedAttempts.note() gives up the last batch after 60 s", () => {
  let now = 0;
  const attempts = new RejectedAttempts(undefined, () => now);
  assertEquals(attempts.note(), false);
  now = 1e6;
  assertEquals(attempts.note(), false, "more may follow");
  assertEquals(attempts.note(true), false);
  now += 59_999;
  assertEquals(attempts.note(true), false);
  now += 1;
  assertEquals([attempts.note(true), attempts.count], [true, 5]);
  attempts.end();
  assertEquals([attempts.note(true), attempts.count], [false, 1]);
});

Deno.test("findingsOf() returns the records that the broker names", () => {
  const [a, b, c] = [record(), record(), record()];
  const chunk = chunkOf(a, b, c);
  const recordErrors = [{ index: 1, message: "no key" }];
  const found = findingsOf([chunk], rejectedBy(chunk, { recordErrors }));
  assertEquals(found.rejected, [{ record: b, reason: "INVALID_RECORD", detail: "no key" }]);
  assertEquals([found.accepted, found.isComplete], [[a, c], true]);
});

Deno.test("findingsOf() splits a chunk in which the broker names no record", () => {
  const [a, b, c] = [record(), record(), record()];
  const [chunk, other] = [chunkOf(a, b), chunkOf(c)];
  const error = rejectedBy(chunk, { type: "MESSAGE_TOO_LARGE" }, [other]);
  const found = findingsOf([chunk, other], error);
  assertEquals(found.chunks.map(({ records }) => records.length), [1, 1, 1]);
  assertEquals([found.rejected, found.accepted, found.isComplete], [[], [c], false]);
});

Deno.test("findingsOf() ignores a record error beyond the batch", () => {
  const chunk = chunkOf(record());
  const recordErrors = [{ index: 7, message: "?" }];
  const found = findingsOf([chunk], rejectedBy(chunk, { recordErrors }));
  assertEquals(found.rejected.map(({ detail }) => detail), [null]);
});

const detail = (min: number, max: number) =>
  `Timestamp 1 of message with offset 0 is out of range. The timestamp should be within [${min}, ${max}]`;

Deno.test("acceptedTimes() parses the times that the broker accepts", () => {
  assertEquals(acceptedTimes(detail(-9_000, 5)), { min: -9000, max: 5 });
  assertEquals(acceptedTimes("something else"), undefined);
  assertEquals(acceptedTimes(null), undefined);
});

const texts: readonly (readonly [string, Rejected[], number | undefined, string])[] = [
  [
    "timestamps ahead of the broker's clock",
    [late(NOW, detail(-9e15, NOW - HOUR)), late(NOW + 1000)],
    HOUR,
    "Cannot publish 2 records to the topic 'edits': their timestamps are 2026-01-01T12:00:00.000Z " +
    "to 2026-01-01T12:00:01.000Z, expected at most 2026-01-01T11:00:00.000Z " +
    "(message.timestamp.after.max.ms); the broker's clock 2026-01-01T10:00:00.000Z, " +
    "this machine's clock 2026-01-01T12:00:00.000Z",
  ],
  [
    "timestamps that are too old",
    [late(NOW - 9 * HOUR, detail(NOW - HOUR, NOW + HOUR))],
    undefined,
    "Cannot publish a record to the topic 'edits': its timestamp is 2026-01-01T03:00:00.000Z, " +
    "expected at least 2026-01-01T11:00:00.000Z (message.timestamp.before.max.ms); " +
    "this machine's clock 2026-01-01T12:00:00.000Z",
  ],
  [
    "records without a key in a compacted topic",
    [{ record: record(), reason: "INVALID_RECORD", detail: "Compacted topic cannot accept it" }],
    undefined,
    "Cannot publish a record to the topic 'edits': Compacted topic cannot accept it",
  ],
  [
    "records that are too large",
    [{ record: record(), reason: "MESSAGE_TOO_LARGE", detail: null }],
    undefined,
    "Cannot publish a record to the topic 'edits': it is larger than the topic's max.message.bytes",
  ],
];

for (const [name, rejected, afterMaxMs, text] of texts) {
  Deno.test(`conditionText() explains ${name}`, () => {
    const error = new TopicRejects("edits", rejected);
    assertEquals(conditionText(error, { afterMaxMs, now: NOW }), text);
  });
}
