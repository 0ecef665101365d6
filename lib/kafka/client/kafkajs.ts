/** The only import of kafkajs: what the rest of lib/kafka uses of it, after `patches.ts`. */
import "./patches.ts";

// Loaded only now: kafkajs takes hold of the replaced modules when it is loaded.
const { default: kafkajs } = await import("kafkajs");
const { default: Cluster } = await import("kafkajs/src/cluster/index.js");
const { KafkaJSConnectionError } = kafkajs;

/**
 * Fails if no broker answers. kafkajs returns `null` then, and `describeCluster()` and
 * `fetchTopicMetadata()` fail with a TypeError, which nobody retries.
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
  AssignerProtocol,
  CompressionTypes,
  ConfigResourceTypes,
  ConfigSource,
  Kafka: KafkaClient,
  logLevel,
  Partitioners,
} = kafkajs;
