import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { type HashedRecord, RecordHasher } from "../../../lib/verify/record_hash.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const RECORD: HashedRecord = { topic: "edits", key: bytes("key"), value: bytes("value") };

function hashOf(record: HashedRecord, seed = 1): string {
  const hasher = new RecordHasher(seed);
  hasher.hash(record);
  return `${hasher.high} ${hasher.low}`;
}

Deno.test("RecordHasher hashes different records differently", () => {
  const others: HashedRecord[] = [
    RECORD,
    { ...RECORD, topic: "edit" },
    { ...RECORD, key: null },
    { ...RECORD, key: bytes("") },
    { ...RECORD, key: bytes("keyvalue"), value: bytes("") },
    { ...RECORD, value: null },
    { ...RECORD, value: bytes("value\0") },
    { ...RECORD, value: bytes("valuf") },
    { ...RECORD, headers: { a: bytes("b") } },
    { ...RECORD, headers: { a: [bytes("b"), bytes("b")] } },
    { ...RECORD, headers: { a: bytes("c") } },
    { ...RECORD, headers: { ab: bytes("") } },
  ];
  assertEquals(new Set(others.map((record) => hashOf(record))).size, others.length);
});

Deno.test("RecordHasher ignores the order of headers, and empty headers", () => {
  const [a, b] = [bytes("1"), bytes("2")];
  assertEquals(hashOf({ ...RECORD, headers: { a, b } }), hashOf({ ...RECORD, headers: { b, a } }));
  assertEquals(hashOf({ ...RECORD, headers: {} }), hashOf(RECORD));
});

Deno.test("RecordHasher hashes differently with another seed", () => {
  assertNotEquals(hashOf(RECORD, 1), hashOf(RECORD, 2));
  assertEquals(hashOf(RECORD, 1), hashOf(RECORD, 1));
});

Deno.test("RecordHasher distributes both halves for similar values", () => {
  const count = 100_000;
  const halves = [new Set<number>(), new Set<number>()];
  const hasher = new RecordHasher(7);
  for (let i = 0; i < count; i++) {
    hasher.hash({ ...RECORD, value: bytes(String(i)) });
    halves[0]!.add(hasher.high);
    halves[1]!.add(hasher.low);
  }
  // For random numbers, one pair is equal on average: 100,000² / 2^33.
  for (const half of halves) assert(half.size > count - 12, `${half.size} of ${count}`);
});
