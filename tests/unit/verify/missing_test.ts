import { assertEquals } from "@std/assert";
import { murmur2 } from "../../../lib/kafka/wire/murmur2.ts";
import type { ProducerRecord } from "../../../lib/shared/producer_record.ts";
import { type MissingContext, MissingRecords, reject } from "../../../lib/verify/missing.ts";
import { newReport } from "../../../lib/verify/report.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const RECORD: ProducerRecord = {
  topic: "edits",
  key: bytes("xx.example.org/Page"),
  value: bytes("{}"),
  timestamp: 1000,
};
const AT = murmur2(RECORD.key!) % 3;
const TOPIC = {
  partitions: 3,
  maxBytes: 500,
  deletedBefore: new Map<number, number>(),
  open: new Set<number>(),
};
const CONTEXT = { isHandled: true, topic: TOPIC, bytes: 100 };

function judged(context: MissingContext, record = RECORD) {
  const report = newReport({ since: 0, until: 5000 });
  const missing = new MissingRecords(report);
  missing.judge(record, context);
  const { unverifiable, rejected, differences: { lost } } = report;
  const reasons = Object.entries(unverifiable).filter(([, count]) => count > 0).map(String);
  return { lost, kept: missing.lost.length, reasons, rejected: [...rejected].map(String) };
}

const LOST = { lost: 1, kept: 1, reasons: [] as string[], rejected: [] as string[] };
const unverifiable = (reason: string) => ({ ...LOST, lost: 0, kept: 0, reasons: [`${reason},1`] });

Deno.test("MissingRecords.judge() counts a record as lost by default", () => {
  assertEquals(judged(CONTEXT), LOST);
  assertEquals(judged({ ...CONTEXT, topic: undefined }), LOST);
});

Deno.test("MissingRecords.judge() excuses what the producer has not reached", () => {
  assertEquals(judged({ ...CONTEXT, isHandled: false }), unverifiable("notYetPublished"));
});

Deno.test("MissingRecords.judge() excuses records that retention deleted", () => {
  const deleted = (partition: number, time: number) => ({
    ...CONTEXT,
    topic: { ...TOPIC, deletedBefore: new Map([[partition, time]]) },
  });
  const other = (AT + 1) % 3;
  assertEquals(judged(deleted(AT, 1001)), unverifiable("deletedByRetention"));
  assertEquals(judged(deleted(AT, Infinity)), unverifiable("deletedByRetention"));
  assertEquals(judged(deleted(AT, 1000)), LOST);
  assertEquals(judged(deleted(other, 1001)), LOST);
  const keyless = { ...RECORD, key: null };
  assertEquals(judged(deleted(other, 1001), keyless), unverifiable("deletedByRetention"));
});

Deno.test("MissingRecords.judge() excuses records after an open transaction", () => {
  const topic = { ...TOPIC, open: new Set([AT]) };
  assertEquals(judged({ ...CONTEXT, topic }), unverifiable("inOpenTransaction"));
});

Deno.test("MissingRecords.judge() counts records that are too large as rejected", () => {
  const rejected = ["larger than max.message.bytes,1"];
  assertEquals(judged({ ...CONTEXT, bytes: 501 }), { ...LOST, lost: 0, kept: 0, rejected });
});

Deno.test("reject() counts at most 20 reasons separately", () => {
  const report = newReport({ since: 0, until: 1 });
  for (let i = 0; i < 30; i++) reject(report, `wrong shape: ${i % 25}`);
  assertEquals(report.rejected.size, 21);
  assertEquals(report.rejected.get("wrong shape: 0"), 2);
  assertEquals(report.rejected.get("other reasons"), 5);
});
