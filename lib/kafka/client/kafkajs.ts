/** The only import of kafkajs: what the rest of lib/kafka uses of it, after `patches.ts`. */
import "./patches.ts";

// Loaded only now: kafkajs takes hold of the replaced modules when it is loaded.
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
