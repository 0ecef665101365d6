import type { ProtocolReader, ProtocolRequest } from "./codec.ts";

/** A live broker as the cluster advertises it. */
export interface BrokerAddress {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

/** One partition: who leads it and who has copies. */
export interface PartitionState {
  readonly partition: number;
  /** Id of the broker, -1 if the partition has no leader. */
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
  /** Kafka's error code, 0 if there is none. */
  readonly errorCode: number;
}

/** A topic as one broker knows it. */
export interface TopicMetadata {
  readonly topic: string;
  /** Changes when a topic is deleted and created again; 22 characters of base64url. */
  readonly topicId: string;
  readonly isInternal: boolean;
  /** By ascending number. */
  readonly partitions: readonly PartitionState[];
  /** Kafka's error code, 0 if there is none. */
  readonly errorCode: number;
}

/** What one broker knows of the cluster. */
export interface ClusterMetadata {
  readonly clusterId: string | null;
  /** A broker that takes requests for the controller; in KRaft it need not be the controller. */
  readonly controllerId: number;
  readonly brokers: readonly BrokerAddress[];
  readonly topics: readonly TopicMetadata[];
}

/**
 * Asks for brokers and topics (Metadata, version 12: Kafka 3.1).
 *
 * @param topics Default: all that the user may describe. An empty list asks for brokers only.
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
  const errorCode = reader.int16();
  const partition = reader.int32();
  const leader = reader.int32();
  reader.int32(); // leader_epoch
  const replicas = reader.array(() => reader.int32());
  const inSync = reader.array(() => reader.int32());
  reader.array(() => reader.int32()); // offline_replicas
  reader.end();
  return { partition, leader, replicas, inSync, errorCode };
}
