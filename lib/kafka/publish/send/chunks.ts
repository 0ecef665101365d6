import { murmur2 } from "../../wire/murmur2.ts";
import type { ProducerRecord } from "../../../shared/producer_record.ts";
import type { Message } from "../../wire/message.ts";

/** Records of one partition that are sent in one request, as one record batch. */
export interface Chunk {
  /** The topic of the records. */
  readonly topic: string;
  /** Their partition. */
  readonly partition: number;
  /** The records in the form of kafkajs. */
  readonly messages: readonly Message[];
  /** The records from which the messages were made, in the same order. */
  readonly records: readonly ProducerRecord[];
}

/** The properties of a topic that determine its chunks. */
export interface TopicLimits {
  /** The number of partitions. */
  readonly partitions: number;
  /** `max.message.bytes`: the largest record batch, in bytes. */
  readonly maxBytes: number;
}

/** The maximum size of a chunk, for any topic, in bytes. */
const MAX_CHUNK_BYTES = 900_000;
/** The size of a record batch's header, rounded up, in bytes. */
const BATCH_OVERHEAD = 100;
/** The size of a record's lengths, attributes and deltas: at most seven varints, in bytes. */
const RECORD_OVERHEAD = 35;

/**
 * Divides records into chunks: by partition, each in the records' order and within the topic's
 * limit. A single larger record becomes a chunk of its own, and the broker decides: it may fit when
 * compressed.
 *
 * @param limits Returns the limits of a topic; called once per topic.
 * @param random Returns a number from 0 to below 1, for records without a key.
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

/** Splits a chunk of several records into halves. */
export function halves({ topic, partition, messages, records }: Chunk): Chunk[] {
  const middle = Math.ceil(records.length / 2);
  return [[0, middle], [middle, records.length]].map(([from, to]) => ({
    topic,
    partition,
    messages: messages.slice(from, to),
    records: records.slice(from, to),
  }));
}

/** Returns the maximum size of a record as a record batch of its own, uncompressed, in bytes. */
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
  /** The bytes of records that fit into one chunk. */
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
