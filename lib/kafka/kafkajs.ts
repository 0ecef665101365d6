/**
 * The only import of kafkajs: what the rest of the station uses of it, with some of its parts
 * replaced and zstd added. It reads files inside of kafkajs, so its version is pinned exactly.
 */
import Module from "node:module";
import { setTimeout } from "node:timers";
import filterAbortedMessages from "kafkajs/src/consumer/filterAbortedMessages.js";
import RequestQueue from "kafkajs/src/network/requestQueue/index.js";
import createEosManager from "kafkajs/src/producer/eosManager/index.js";
import groupMessagesPerPartition from "kafkajs/src/producer/groupMessagesPerPartition.js";
import produceRequestV3 from "kafkajs/src/protocol/requests/produce/v3/request.js";
import type { Batch, Kafka as KafkaType, Offsets, Transaction } from "kafkajs";
import { dropAborted } from "./aborted.ts";
import { gzipCodec, zstdCodec } from "./compression.ts";
import { groupByPartition } from "./group_by_partition.ts";
import { produceRequest } from "./produce_request.ts";

replaceModule(filterAbortedMessages, dropAborted);
replaceModule(groupMessagesPerPartition, groupByPartition);
replaceModule(produceRequestV3, produceRequest(compress));
replaceModule(createEosManager, withoutLock(createEosManager));
RequestQueue.prototype.scheduleCheckPendingRequests = scheduleCheckPendingRequests;

// Only now: what uses those modules takes hold of them when it is loaded.
const { default: kafkajs } = await import("kafkajs");

export type {
  Admin,
  Batch,
  Consumer,
  ConsumerConfig,
  EachBatchPayload,
  Kafka,
  KafkaMessage,
  Message,
  PartitionMetadata,
  Producer,
  ProducerConfig,
  RetryOptions,
  SASLOptions,
  Transaction,
} from "kafkajs";
export const {
  AssignerProtocol,
  CompressionTypes,
  ConfigResourceTypes,
  ConfigSource,
  Kafka: KafkaClient,
  logLevel,
  Partitioners,
} = kafkajs;

kafkajs.CompressionCodecs[kafkajs.CompressionTypes.GZIP] = gzipCodec;
kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = zstdCodec;

async function compress(codec: number, records: Uint8Array): Promise<Uint8Array> {
  return await kafkajs.CompressionCodecs[codec as keyof typeof kafkajs.CompressionCodecs]()
    .compress({ buffer: records });
}

/** An offset that a group commits, with words of its own (4,096 bytes at most by default). */
export interface OffsetWithMetadata {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly metadata: string;
}

/** Commits an offset with metadata in `transaction`; kafkajs can, its types do not say so. */
export async function sendOffsetWithMetadata(
  transaction: Transaction,
  { groupId, topic, ...partition }: OffsetWithMetadata,
): Promise<void> {
  const offsets: Offsets = { topics: [{ topic, partitions: [partition] }] };
  await transaction.sendOffsets({ consumerGroupId: groupId, ...offsets });
}

/** The offset that a fetch asked for; kafkajs knows it, its types do not say so. */
export function fetchedOffset(batch: Batch): bigint {
  return BigInt((batch as Batch & { fetchedOffset: string }).fetchedOffset);
}

/** Puts `replacement` in the place of a CommonJS module that has been loaded, by its exports. */
function replaceModule(exports: unknown, replacement: unknown): void {
  const cache = (Module as unknown as { _cache: Record<string, { exports: unknown }> })._cache;
  const entry = Object.values(cache).find((module) => module.exports === exports);
  if (entry === undefined) throw new Error("Cannot find the module to replace");
  entry.exports = replacement;
}

/**
 * Lets sends to one broker go at the same time. kafkajs has each wait for the one before, so that the
 * records of a partition stay in order and their sequence numbers without gaps. `sendChunks()` sees
 * to that itself, for each partition apart; and so a transaction over ten partitions of one broker
 * waits for two answers in a row, not for twenty.
 */
function withoutLock(create: (options: object) => object): (options: object) => object {
  const nothing = () => Promise.resolve();
  return (options) => ({
    ...create(options),
    ...{ acquireBrokerLock: nothing, releaseBrokerLock: nothing },
  });
}

/** The part of kafkajs's `RequestQueue` that its timer needs. */
interface Queue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  throttleCheckTimeoutId: ReturnType<typeof setTimeout> | null;
  checkPendingRequests(): void;
}

/**
 * Looks at waiting requests again once the broker's throttling is over. kafkajs's own sets a timer
 * of a negative delay even where nothing waits: a warning on stderr, and then a thousand wake-ups
 * a second on every connection for as long as it lives.
 */
function scheduleCheckPendingRequests(this: Queue): void {
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
  const delay = Math.max(this.throttledUntil - Date.now(), 10);
  this.throttleCheckTimeoutId = setTimeout(() => {
    this.throttleCheckTimeoutId = null;
    this.checkPendingRequests();
  }, delay);
}

/** The parts of kafkajs's `Cluster` that its public clients keep to themselves. */
interface InternalCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  findGroupCoordinator(of: { groupId: string }): Promise<{
    offsetCommit(request: object): Promise<unknown>;
  }>;
}

/** Commits offsets for a group without being its member, as Kafka's administration tools do. */
export interface OffsetCommitter {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  /** @throws a protocol error, UNKNOWN_MEMBER_ID while the group has members. */
  commit(offset: OffsetWithMetadata): Promise<void>;
}

/** See {@linkcode OffsetCommitter}; kafkajs commits metadata only for members of a group. */
export function offsetCommitter(kafka: KafkaType): OffsetCommitter {
  const key = Object.getOwnPropertySymbols(kafka)
    .find(({ description }) => description === "private:Kafka:createCluster");
  if (key === undefined) throw new Error("Cannot find kafkajs's way to make a cluster");
  const create = (kafka as unknown as Record<symbol, (options: object) => InternalCluster>)[key]!;
  const cluster = create.call(kafka, { allowAutoTopicCreation: false });
  return {
    connect: () => cluster.connect(),
    disconnect: () => cluster.disconnect(),
    commit: async ({ groupId, topic, ...partition }) => {
      const coordinator = await cluster.findGroupCoordinator({ groupId });
      const topics = [{ topic, partitions: [partition] }];
      await coordinator.offsetCommit({ groupId, groupGenerationId: -1, memberId: "", topics });
    },
  };
}
