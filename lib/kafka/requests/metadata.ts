import type { BrokerAddress, ClusterMetadata, PartitionState, TopicMetadata } from "./answers.ts";
import type { ProtocolReader, ProtocolRequest } from "./codec.ts";

/**
 * Requests brokers and topics (Metadata, version 12: Kafka 3.1).
 *
 * @param topics Default: all that the user may describe. An empty list requests brokers only.
 */
export function metadataRequest(topics?: readonly string[]): ProtocolRequest<ClusterMetadata> {
  return {
    apiKey: 3,
    apiName: "Metadata",
    apiVersion: 12,
    encode(writer) {
      writer.array(topics, (topic) => {
        for (let i = 0; i < 16; i++) writer.int8(0); // No topic id: the name counts.
        writer.string(topic);
        writer.end();
      });
      writer.boolean(false); // allow_auto_topic_creation
      writer.boolean(false); // include_topic_authorized_operations
      writer.end();
    },
    decode(reader) {
      reader.int32(); // throttle_time_ms
      const brokers = reader.array(() => readBroker(reader));
      const clusterId = reader.nullableString();
      const controllerId = reader.int32();
      const topics = reader.array(() => readTopic(reader));
      return { clusterId, controllerId, brokers, topics };
    },
  };
}

function readBroker(reader: ProtocolReader): BrokerAddress {
  const id = reader.int32();
  const host = reader.string();
  const port = reader.int32();
  const rack = reader.nullableString();
  reader.end();
  return { id, host, port, rack };
}

function readTopic(reader: ProtocolReader): TopicMetadata {
  const errorCode = reader.int16();
  const topic = reader.string();
  const topicId = reader.uuid();
  const isInternal = reader.boolean();
  const partitions = reader.array(() => readPartition(reader))
    .sort((a, b) => a.partition - b.partition);
  reader.int32(); // topic_authorized_operations
  reader.end();
  return { topic, topicId, isInternal, partitions, errorCode };
}

function readPartition(reader: ProtocolReader): PartitionState {
  reader.int16(); // error_code: without a leader, that is -1
  const partition = reader.int32();
  const leader = reader.int32();
  reader.int32(); // leader_epoch
  const replicas = reader.array(() => reader.int32());
  const inSync = reader.array(() => reader.int32());
  reader.array(() => reader.int32()); // offline_replicas
  reader.end();
  return { partition, leader, replicas, inSync };
}
