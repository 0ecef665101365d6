/** Imports kafkajs, after `patches.ts`, for all of lib/kafka: no other file imports it. */
import "./patches.ts";

// Loaded after the patches: kafkajs binds the replaced modules when it is loaded.
const { default: kafkajs } = await import("kafkajs");
const { default: Cluster } = await import("kafkajs/src/cluster/index.js");
const { KafkaJSConnectionError } = kafkajs;

/**
 * Fails if no broker answers. kafkajs returns `null` then, so `describeCluster()` and
 * `fetchTopicMetadata()` fail with a TypeError, which is never retried.
 */
const { metadata } = Cluster.prototype;
Cluster.prototype.metadata = async function (options: object): Promise<unknown> {
  const answer = await metadata.call(this, options);
  if (answer === null) throw new KafkaJSConnectionError("No broker answers");
  return answer;
};

export type {
  Admin,
  Batch,
  Consumer,
  ConsumerConfig,
  EachBatchPayload,
  Kafka,
  KafkaMessage,
  Message,
  Offsets,
  PartitionMetadata,
  Producer,
  ProducerConfig,
  RetryOptions,
  SASLOptions,
  Transaction,
} from "kafkajs";
export const {
  /** Encodes and decodes the assignments of consumer groups. */
  AssignerProtocol,
  /** The compression codecs of record batches, by name. */
  CompressionTypes,
  /** The kinds of resources that have settings. */
  ConfigResourceTypes,
  /** The origins of a setting: the topic, the broker, the default. */
  ConfigSource,
  /** The levels of kafkajs's log. */
  logLevel,
  /** The partitioners of kafkajs. */
  Partitioners,
} = kafkajs;
/** The client for one cluster. */
export const KafkaClient = kafkajs.Kafka;
