import type { Buffer } from "node:buffer";
import { ByteWriter, sizeOfString } from "./byte_writer.ts";
import { freeMemory } from "./free_memory.ts";
import type { Message } from "./message.ts";
import { type Compress, recordBatch } from "./record_batch.ts";

/** A Produce request in the form of kafkajs's broker. */
export interface ProduceRequest {
  /** The acknowledgments that the broker waits for: -1 for all in-sync replicas. */
  readonly acks: number;
  /** How long the broker may wait for replicas, in ms. */
  readonly timeout: number;
  /** The transactional id; null or missing outside of transactions. */
  readonly transactionalId?: string | null;
  /** A number that may exceed 2^53; -1 for none. */
  readonly producerId?: { toString(): string };
  /** The epoch of the producer id. */
  readonly producerEpoch?: number;
  /** The number of the codec; 0 for none. */
  readonly compression?: number;
  /** Messages by topic and partition. */
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      /** A string from kafkajs, since it is the key of an object. */
      readonly partition: number | string;
      readonly firstSequence?: number;
      readonly messages: readonly Message[];
    }[];
  }[];
}

/** A request in the form that kafkajs sends. */
interface Request {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  readonly expectResponse: () => boolean;
  /** `buf` is the property by which kafkajs recognizes its own encoders. */
  readonly encode: () => Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
}

/**
 * Returns a function that makes a Produce request of version 3, which is the base of kafkajs's
 * later versions. It replaces kafkajs's own, which allocates 512 bytes per record and a buffer per
 * varint: more work than everything else that is done for a record. That one also compares
 * timestamps as texts.
 *
 * @param compress Compresses the records of a batch.
 */
export function produceRequest(compress: Compress): (request: ProduceRequest) => Request {
  return (request) => ({
    apiKey: 0,
    apiVersion: 3,
    apiName: "Produce",
    expectResponse: () => request.acks !== 0,
    encode: async () => {
      const buffer = await encode(request, compress);
      return { buf: buffer, buffer };
    },
  });
}

async function encode(
  { acks, timeout, topicData, transactionalId = null, ...request }: ProduceRequest,
  compress: Compress,
): Promise<Buffer> {
  const { compression = 0, producerId = -1, producerEpoch = 0 } = request;
  const head = {
    ...{ compression, transactional: Boolean(transactionalId), producerEpoch },
    producerId: BigInt(producerId.toString()),
  };
  const topics = await Promise.all(topicData.map(async ({ topic, partitions }) => ({
    topic,
    partitions: await Promise.all(
      partitions.map(async ({ partition, firstSequence = 0, messages }) => ({
        partition: Number(partition),
        batch: await recordBatch(messages, { ...head, firstSequence }, compress),
      })),
    ),
  })));
  let size = sizeOfString(transactionalId) + 10;
  for (const { topic, partitions } of topics) {
    size += sizeOfString(topic) + 4;
    for (const { batch } of partitions) size += 8 + batch.length;
  }
  const writer = new ByteWriter(size);
  writer.string(transactionalId);
  writer.int16(acks);
  writer.int32(timeout);
  writer.int32(topics.length);
  for (const { topic, partitions } of topics) {
    writer.string(topic);
    writer.int32(partitions.length);
    for (const { partition, batch } of partitions) {
      writer.int32(partition);
      writer.int32(batch.length);
      writer.bytes(batch);
      freeMemory(batch);
    }
  }
  return writer.buffer;
}
