import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import fc from "../../../../support/tools/fast_check.ts";
import { Partitioners } from "../../../../../lib/kafka/client/kafkajs.ts";
import { murmur2 } from "../../../../../lib/kafka/wire/murmur2.ts";
import { chunksOf, halves } from "../../../../../lib/kafka/publish/send/chunks.ts";
import type { ProducerRecord } from "../../../../../lib/shared/producer_record.ts";

const record = (key: string | null, value: string, topic = "t"): ProducerRecord => ({
  topic,
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from(value),
  timestamp: 1,
});

Deno.test("murmur2() chooses the same partition as kafkajs and Java", () => {
  const partitioner = Partitioners.DefaultPartitioner();
  const encoder = new TextEncoder();
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.integer({ min: 1, max: 64 }),
      (key, count) => {
        const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
          partitionId,
          leader: 1,
          partitionErrorCode: 0,
          replicas: [],
          isr: [],
        }));
        const expected = partitioner({
          topic: "t",
          partitionMetadata,
          message: { key: Buffer.from(key), value: null },
        });
        assertEquals(murmur2(encoder.encode(key)) % count, expected);
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("chunksOf() keeps all records, in order, within the size limit", () => {
  const keys = fc.option(fc.constantFrom("a", "b", "c", "d", "e"), { nil: null });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(keys, fc.nat(900), fc.constantFrom("t", "u")), { maxLength: 100 }),
      (parts) => {
        const records = parts.map(([key, size, topic], i) =>
          record(key, `${i}:${"x".repeat(size)}`, topic)
        );
        const chunks = chunksOf(records, () => ({ partitions: 3, maxBytes: 2000 }));
        const found = new Set(chunks.flatMap((chunk) => chunk.records));
        assertEquals(found.size, records.length);
        for (const { records, messages, partition } of chunks) {
          const bytes = messages.reduce((sum, { value }) => sum + value!.length, 0);
          assert(bytes <= 2000);
          assert(messages.every((message) => message.partition === partition));
          assertEquals(
            messages.map(({ value }) => String(value)),
            records.map(({ value }) => String(value)),
          );
        }
        for (
          const inPartition of Map.groupBy(chunks, (c) => `${c.topic}/${c.partition}`).values()
        ) {
          const order = inPartition.flatMap((c) =>
            c.records.map(({ value }) => parseInt(String(value)))
          );
          assertEquals(order, [...order].sort((a, b) => a - b));
        }
      },
    ),
  );
});

Deno.test("chunksOf() puts all records of one key into one partition", () => {
  const records = Array.from({ length: 50 }, (_, i) => record(`key-${i % 5}`, `${i}`));
  const chunks = chunksOf(records, () => ({ partitions: 7, maxBytes: 1000 }));
  const partitions = Map.groupBy(
    chunks.flatMap(({ partition, records }) => records.map(({ key }) => ({ key, partition }))),
    ({ key }) => key,
  );
  for (const places of partitions.values()) {
    assertEquals(new Set(places.map(({ partition }) => partition)).size, 1);
  }
});

Deno.test("chunksOf() gives records without a key one random partition per batch", () => {
  const records = Array.from({ length: 5 }, (_, i) => record(null, `${i}`));
  const [chunk, ...others] = chunksOf(
    records,
    () => ({ partitions: 4, maxBytes: 1e6 }),
    () => 0.6,
  );
  assertEquals([chunk!.partition, chunk!.records.length, others.length], [2, 5, 0]);
  assertEquals(chunk!.messages[0]!.key, null);
});

Deno.test("chunksOf() puts a record that is too large into its own chunk", () => {
  const records = [record("a", "x"), record("a", "y".repeat(5000)), record("a", "z")];
  const chunks = chunksOf(records, () => ({ partitions: 1, maxBytes: 1000 }));
  assertEquals(chunks.map(({ records }) => records.length), [1, 1, 1]);
});

Deno.test("halves() splits a chunk down to single records without losing any", () => {
  const records = Array.from({ length: 5 }, (_, i) => record("a", `${i}`));
  let chunks = chunksOf(records, () => ({ partitions: 1, maxBytes: 1e6 }));
  while (chunks.some((chunk) => chunk.records.length > 1)) {
    chunks = chunks.flatMap((chunk) => chunk.records.length > 1 ? halves(chunk) : [chunk]);
  }
  assertEquals(chunks.map(({ messages }) => String(messages[0]!.value)), ["0", "1", "2", "3", "4"]);
});
