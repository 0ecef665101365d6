import type { ProtocolReader, ProtocolRequest } from "./codec.ts";

/** A live broker with its advertised address. */
export interface BrokerAddress {
  /** The broker's id. */
  readonly id: number;
  /** The advertised host name. */
  readonly host: string;
  /** The advertised port. */
  readonly port: number;
  /** The rack, if it is configured. */
  readonly rack: string | null;
}

/** A partition with its leader and replicas. */
export interface PartitionState {
  /** The partition of the topic. */
  readonly partition: number;
  /** The id of the leader; -1 if there is none. */
  readonly leader: number;
  /** The ids of brokers with a replica. */
  readonly replicas: readonly number[];
  /** The ids of brokers whose replica is in sync. */
  readonly inSync: readonly number[];
}

/** A topic as one broker sees it. */
export interface TopicMetadata {
  /** The name of the topic. */
  readonly topic: string;
  /** Changes if a topic is deleted and created again; 22 characters of base64url. */
  readonly topicId: string;
  /** Whether Kafka uses the topic itself. */
  readonly isInternal: boolean;
  /** Partitions by ascending number. */
  readonly partitions: readonly PartitionState[];
  /** Kafka's error code; 0 for none. */
  readonly errorCode: number;
}

/** The cluster as one broker sees it. */
export interface ClusterMetadata {
  /** The id of the cluster. */
  readonly clusterId: string | null;
  /** A broker that accepts requests for the controller. In KRaft it need not be the controller. */
  readonly controllerId: number;
  /** The live brokers. */
  readonly brokers: readonly BrokerAddress[];
  /** The requested topics. */
  readonly topics: readonly TopicMetadata[];
}

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
