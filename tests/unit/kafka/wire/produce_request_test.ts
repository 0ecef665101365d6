import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import { assert, assertEquals } from "@std/assert";
import fc from "../../../support/tools/fast_check.ts";
// Loaded before kafkajs.ts, which replaces them: these are the originals.
import originalGrouping from "kafkajs/src/producer/groupMessagesPerPartition.js";
import originalRequest from "kafkajs/src/protocol/requests/produce/v3/request.js";
import produceVersions from "kafkajs/src/protocol/requests/produce/index.js";
import { groupByPartition } from "../../../../lib/kafka/wire/group_by_partition.ts";
import { CompressionTypes, type Message } from "../../../../lib/kafka/client/kafkajs.ts";
import { type ProduceRequest, produceRequest } from "../../../../lib/kafka/wire/produce_request.ts";

const noCompression = () => Promise.reject(new Error("not asked for"));
const ours = produceRequest(noCompression);

async function encoded(make: (request: ProduceRequest) => unknown, request: ProduceRequest) {
  const made = make(request) as { encode(): Promise<{ buffer: Buffer }> };
  return (await made.encode()).buffer;
}

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 100 }),
  // Includes lone surrogates.
  fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), maxLength: 50 }),
);
const message: fc.Arbitrary<Message> = fc.record({
  key: fc.oneof(bytes, text, fc.constant(null)),
  value: fc.oneof(bytes, text, fc.constant(null)),
  // All with the same number of digits, since kafkajs compares them as text.
  timestamp: fc.integer({ min: 10 ** 12, max: 10 ** 13 - 1 }).map(String),
  headers: fc.dictionary(text, fc.oneof(bytes, text, fc.array(bytes, { maxLength: 3 })), {
    maxKeys: 3,
  }),
}, { requiredKeys: ["value", "timestamp"] });
const partition = fc.record({
  partition: fc.nat(20),
  firstSequence: fc.nat(2 ** 31 - 1),
  messages: fc.array(message, { minLength: 1, maxLength: 10 }),
});
const request: fc.Arbitrary<ProduceRequest> = fc.record({
  acks: fc.constantFrom(-1, 0, 1),
  timeout: fc.nat(),
  transactionalId: fc.option(text, { nil: null }),
  producerId: fc.bigInt({ min: -1n, max: 2n ** 63n - 1n }).map(String),
  producerEpoch: fc.nat(32767),
  topicData: fc.array(
    fc.record({ topic: text, partitions: fc.array(partition, { maxLength: 3 }) }),
    { maxLength: 3 },
  ),
});

Deno.test("produceRequest() encodes byte for byte as kafkajs does", async () => {
  await fc.assert(
    fc.asyncProperty(request, async (request) => {
      assertEquals(await encoded(ours, request), await encoded(originalRequest, request));
    }),
    { numRuns: 500 },
  );
});

Deno.test("produceRequest() encodes large and many records as kafkajs does", async () => {
  const messages = Array.from({ length: 20_000 }, (_, i) => ({
    key: `page ${i}`,
    value: Buffer.alloc(i % 1000 === 0 ? 70_000 : i % 300, i),
    timestamp: String(1_700_000_000_000 + (i * 7919) % 100_000_000),
  }));
  const topicData = [{ topic: "t", partitions: [{ partition: "3", firstSequence: 9, messages }] }];
  const request = { acks: -1, timeout: 30_000, transactionalId: "a", producerId: "77", topicData };
  // Not a list of numbers, for which the assertion takes long.
  assert((await encoded(ours, request)).equals(await encoded(originalRequest, request)));
});

Deno.test("produceRequest() compares timestamps as numbers, not as text", async () => {
  const messages = [{ value: "a", timestamp: "1000" }, { value: "b", timestamp: "999" }];
  const topicData = [{ topic: "t", partitions: [{ partition: 0, messages }] }];
  const buffer = await encoded(ours, { acks: -1, timeout: 0, topicData });
  const batch = buffer.indexOf(Buffer.from([0, 0, 0, 0, 0, 0, 0, 0]), 20);
  assertEquals([buffer.readBigInt64BE(batch + 27), buffer.readBigInt64BE(batch + 35)], [
    999n,
    1000n,
  ]);
});

Deno.test("produceRequest() compresses the records, and names the codec", async () => {
  const messages = Array.from({ length: 50 }, (_, i) => ({ value: `v${i}`, timestamp: "5" }));
  const topicData = [{ topic: "t", partitions: [{ partition: 0, messages }] }];
  const plain = { acks: -1, timeout: 0, topicData };
  const { protocol } = produceVersions;
  const { request } = protocol({ version: 7 })({ ...plain, compression: CompressionTypes.GZIP });
  const packed: Buffer = (await request.encode()).buffer;
  const start = packed.indexOf(Buffer.from([0x1f, 0x8b]));
  const records = (await encoded(ours, plain)).subarray(start);
  assertEquals(gunzipSync(packed.subarray(start)), records);
  assertEquals(packed.readInt16BE(start - 40), CompressionTypes.GZIP);
});

Deno.test("kafkajs makes its Produce requests with produceRequest()", () => {
  const { request } = produceVersions.protocol({ version: 7 })({ topicData: [] });
  assertEquals(request.apiVersion, 7);
  assert(request.encode.toString() !== originalRequest({ topicData: [] }).encode.toString());
});

Deno.test("groupByPartition() groups as kafkajs does", () => {
  const metadata = { partitionErrorCode: 0, leader: 1, replicas: [], isr: [] };
  const partitioner = ({ message }: { message: Message }) => message.partition!;
  fc.assert(
    fc.property(
      fc.array(fc.record({ value: text, partition: fc.nat(3) })),
      fc.nat(2),
      (messages, count) => {
        const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
          ...metadata,
          partitionId,
        }));
        const send = { topic: "t", partitionMetadata, messages, partitioner };
        assertEquals(groupByPartition(send), originalGrouping(send));
      },
    ),
  );
});
