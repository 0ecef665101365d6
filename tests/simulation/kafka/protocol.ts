// Requests and responses of Kafka's protocol, in the form of kafkajs's `Broker`.
import { latin1 } from "../../../lib/upstream/parse/latin1.ts";

/** The identity of a producer. The name is the `transactional.id`, absent without transactions. */
export interface ProducerIdentity {
  readonly transactionalId?: string | undefined;
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface SimulatedMessage {
  readonly key: string | null;
  readonly value: string | Uint8Array;
}

export interface TopicPartitions<P> {
  readonly topic: string;
  readonly partitions: readonly P[];
}

export interface ProduceRequest extends ProducerIdentity {
  readonly topicData: readonly TopicPartitions<{
    readonly partition: number;
    readonly firstSequence: number;
    readonly messages: readonly SimulatedMessage[];
  }>[];
}

export interface OffsetOf {
  readonly partition: number;
  readonly offset: string;
  readonly metadata: string;
}

export interface Requests {
  metadata: { readonly topics: readonly string[] };
  findGroupCoordinator: { readonly groupId: string; readonly coordinatorType?: number };
  initProducerId: { readonly transactionalId?: string; readonly transactionTimeout: number };
  addPartitionsToTxn: ProducerIdentity & { readonly topics: readonly TopicPartitions<number>[] };
  addOffsetsToTxn: ProducerIdentity & { readonly groupId: string };
  txnOffsetCommit: ProducerIdentity & {
    readonly groupId: string;
    readonly topics: readonly TopicPartitions<OffsetOf>[];
  };
  endTxn: ProducerIdentity & { readonly transactionResult: boolean };
  produce: ProduceRequest;
  offsetFetch: {
    readonly groupId: string;
    readonly topics: readonly TopicPartitions<{ readonly partition: number }>[];
  };
  offsetCommit: {
    readonly groupId: string;
    readonly topics: readonly TopicPartitions<OffsetOf>[];
  };
  listOffsets: {
    readonly topics: readonly TopicPartitions<{
      readonly partition: number;
      readonly timestamp: number;
    }>[];
  };
  describeConfigs: { readonly resources: readonly { readonly name: string }[] };
}

export type Api = keyof Requests;

/** The answer of a node: a result or Kafka's name of an error, after a delay in ms. */
export interface Answer {
  readonly result?: unknown;
  readonly error?: string;
  readonly wait?: number;
}

/** Errors that a node may return before it has executed a request. */
export const ERRORS_BEFORE: Readonly<Partial<Record<Api, readonly string[]>>> = {
  findGroupCoordinator: ["GROUP_COORDINATOR_NOT_AVAILABLE"],
  initProducerId: [
    "GROUP_LOAD_IN_PROGRESS",
    "GROUP_COORDINATOR_NOT_AVAILABLE",
    "NOT_COORDINATOR_FOR_GROUP",
    "CONCURRENT_TRANSACTIONS",
  ],
  addPartitionsToTxn: [
    "CONCURRENT_TRANSACTIONS",
    "NOT_COORDINATOR_FOR_GROUP",
    "GROUP_LOAD_IN_PROGRESS",
  ],
  addOffsetsToTxn: [
    "CONCURRENT_TRANSACTIONS",
    "NOT_COORDINATOR_FOR_GROUP",
    "GROUP_LOAD_IN_PROGRESS",
  ],
  txnOffsetCommit: [
    "GROUP_LOAD_IN_PROGRESS",
    "NOT_COORDINATOR_FOR_GROUP",
    "GROUP_COORDINATOR_NOT_AVAILABLE",
  ],
  endTxn: [
    "GROUP_LOAD_IN_PROGRESS",
    "NOT_COORDINATOR_FOR_GROUP",
    "GROUP_COORDINATOR_NOT_AVAILABLE",
    "CONCURRENT_TRANSACTIONS",
  ],
  produce: [
    "NOT_LEADER_FOR_PARTITION",
    "NOT_ENOUGH_REPLICAS",
    "REQUEST_TIMED_OUT",
    "UNKNOWN_TOPIC_OR_PARTITION",
    "UNKNOWN",
  ],
  offsetFetch: ["GROUP_LOAD_IN_PROGRESS", "NOT_COORDINATOR_FOR_GROUP"],
  offsetCommit: ["GROUP_LOAD_IN_PROGRESS", "NOT_COORDINATOR_FOR_GROUP"],
};

/** Errors that a node may return although it has executed the request. */
export const ERRORS_AFTER: Readonly<Partial<Record<Api, readonly string[]>>> = {
  initProducerId: ["GROUP_COORDINATOR_NOT_AVAILABLE"],
  addPartitionsToTxn: ["GROUP_COORDINATOR_NOT_AVAILABLE", "NOT_COORDINATOR_FOR_GROUP"],
  addOffsetsToTxn: ["GROUP_COORDINATOR_NOT_AVAILABLE", "NOT_COORDINATOR_FOR_GROUP"],
  txnOffsetCommit: ["REQUEST_TIMED_OUT", "GROUP_COORDINATOR_NOT_AVAILABLE"],
  endTxn: ["GROUP_COORDINATOR_NOT_AVAILABLE", "NOT_COORDINATOR_FOR_GROUP"],
  produce: ["REQUEST_TIMED_OUT", "NOT_ENOUGH_REPLICAS_AFTER_APPEND"],
  offsetCommit: ["REQUEST_TIMED_OUT"],
};

/** The broker rejects values that contain this text. */
export const REFUSED = "REFUSED";

/** Returns whether a broker rejects a value. */
export function isRefused(value: string | Uint8Array): boolean {
  return (typeof value === "string" ? value : latin1(value)).includes(REFUSED);
}
