import type { Buffer } from "node:buffer";
import { ByteWriter, sizeOfString } from "./byte_writer.ts";
import type { Message } from "./message.ts";
import { type Compress, recordBatch } from "./record_batch.ts";

/** A Produce request as kafkajs's broker asks for it. */
export interface ProduceRequest {
  readonly acks: number;
  /** How long the broker may wait for replicas, in ms. */
  readonly timeout: number;
  readonly transactionalId?: string | null;
  /** A number that may be beyond 2^53; -1: none. */
  readonly producerId?: { toString(): string };
  readonly producerEpoch?: number;
  readonly compression?: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      /** kafkajs has it as text, from the key of an object. */
      readonly partition: number | string;
      readonly firstSequence?: number;
      readonly messages: readonly Message[];
    }[];
  }[];
}

/** What kafkajs does with a request. */
interface Request {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  readonly expectResponse: () => boolean;
  /** `buf` is what kafkajs knows its own encoders by. */
  readonly encode: () => Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
}

/**
 * Makes the Produce request, version 3 (kafkajs makes the later ones from it), in the place of
 * kafkajs's own. That one makes a buffer of 512 bytes for each record and one for each varint, which
 * is more work than all else that is done for a record; and it takes the first timestamp and the
 * last by the order of their digits as text.
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
    }
  }
  return writer.buffer;
}
