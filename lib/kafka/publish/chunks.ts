import { murmur2 } from "../wire/murmur2.ts";
import type { ProducerRecord } from "../../shared/producer_record.ts";
import type { Message } from "../wire/message.ts";

/** Records of one partition that go to the broker in one request, as one record batch. */
export interface Chunk {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly Message[];
  /** What the messages were made from, for whoever has to refuse one. */
  readonly records: readonly ProducerRecord[];
}

/** What a topic takes. */
export interface TopicLimits {
  readonly partitions: number;
  /** `max.message.bytes`: the largest record batch, in bytes. */
  readonly maxBytes: number;
}

/** Never more than this in one request, whatever the topic takes. */
const MAX_CHUNK_BYTES = 900_000;
/** Room that a record batch's own header takes, in bytes. */
const BATCH_OVERHEAD = 100;
/** Room for a record's lengths, attributes and deltas: at most seven varints. */
const RECORD_OVERHEAD = 35;

/**
 * Sorts records into chunks: by partition, each in the records' order and within the bytes that the
 * topic takes. A single record that is larger stays a chunk of its own, for the broker to judge:
 * compressed it may fit.
 *
 * @param limits Gives what a topic takes; asked once a topic.
 * @param random From 0 up to 1, for records without a key.
 */
export function chunksOf(
  records: readonly ProducerRecord[],
  limits: (topic: string) => TopicLimits,
  random: () => number = Math.random,
): Chunk[] {
  const chunks: Chunk[] = [];
  const topics = new Map<string, Topic>();
  for (const record of records) {
    let topic = topics.get(record.topic);
    if (topic === undefined) {
      const { partitions, maxBytes } = limits(record.topic);
      topic = {
        partitions,
        keyless: Math.floor(random() * partitions),
        bytes: Math.min(maxBytes, MAX_CHUNK_BYTES) - BATCH_OVERHEAD,
        open: new Map(),
      };
      topics.set(record.topic, topic);
    }
    const { message, partition, bytes } = encode(record, topic);
    let chunk = topic.open.get(partition);
    if (chunk === undefined || chunk.bytes + bytes > topic.bytes) {
      chunk = { topic: record.topic, partition, messages: [], records: [], bytes: 0 };
      topic.open.set(partition, chunk);
      chunks.push(chunk);
    }
    chunk.messages.push(message);
    chunk.records.push(record);
    chunk.bytes += bytes;
  }
  return chunks;
}

/** Both halves of a chunk that has more than one record. */
export function halves({ topic, partition, messages, records }: Chunk): Chunk[] {
  const middle = Math.ceil(records.length / 2);
  return [[0, middle], [middle, records.length]].map(([from, to]) => ({
    topic,
    partition,
    messages: messages.slice(from, to),
    records: records.slice(from, to),
  }));
}

/** Returns the bytes that a record takes as a record batch of its own, uncompressed; at most. */
export function encodedBytes(record: ProducerRecord): number {
  return encode(record, { partitions: 1, keyless: 0 }).bytes + BATCH_OVERHEAD;
}

interface OpenChunk {
  readonly topic: string;
  readonly partition: number;
  readonly messages: Message[];
  readonly records: ProducerRecord[];
  bytes: number;
}

interface Topic {
  readonly partitions: number;
  readonly keyless: number;
  /** Bytes of records that one chunk may hold. */
  readonly bytes: number;
  readonly open: Map<number, OpenChunk>;
}

function encode(
  { key, value, timestamp, headers }: ProducerRecord,
  { partitions, keyless }: Pick<Topic, "partitions" | "keyless">,
): { message: Message; partition: number; bytes: number } {
  const partition = key === null ? keyless : murmur2(key) % partitions;
  const message: Message = { key, value, timestamp, partition };
  let bytes = (key?.length ?? 0) + value.length + RECORD_OVERHEAD;
  if (headers !== undefined) {
    message.headers = headers;
    for (const name in headers) bytes += 2 * name.length + headers[name]!.length + 10;
  }
  return { message, partition, bytes };
}
