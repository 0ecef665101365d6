/**
 * Measures the encoding of records as requests, compared with JSON.stringify of the same values.
 */
import request from "kafkajs/src/protocol/requests/produce/v3/request.js";
import { buildTransform } from "../../lib/edits/transform.ts";
import { produceRequest } from "../../lib/kafka/wire/produce_request.ts";
import { chunksOf } from "../../lib/kafka/publish/send/chunks.ts";
import { readEvent } from "../../lib/upstream/parse/event.ts";
import { eventBytes } from "./events.ts";

const transform = buildTransform({ topic: "t", filter: { types: ["edit"] } });
const records = eventBytes(8000).flatMap((data) => transform(readEvent(data)) ?? []);
const decoder = new TextDecoder();
const values = records.map(({ value }) => JSON.parse(decoder.decode(value)));
const limits = () => ({ partitions: 3, maxBytes: 1_048_588 });
const chunks = chunksOf(records, limits);
const group = `batch: ${records.length} records to 3 partitions`;
const ours = produceRequest(() => Promise.reject(new Error("no compression")));

async function encode(make: typeof ours): Promise<void> {
  for (const { topic, partition, messages } of chunks) {
    const topicData = [{ topic, partitions: [{ partition, messages }] }];
    await make({ acks: -1, timeout: 1000, producerId: "1", topicData }).encode();
  }
}

Deno.bench("JSON.stringify alone", { group, baseline: true }, () => {
  for (const value of values) JSON.stringify(value);
});

Deno.bench("chunksOf(): partitions and bounds", { group }, () => {
  chunksOf(records, limits);
});

Deno.bench("produceRequest()", { group }, () => encode(ours));

Deno.bench("the same by kafkajs", { group }, () => encode(request));
