import { errorChain } from "../../shared/error.ts";
/** Imports kafkajs, after `patches.ts`, for all of lib/kafka: no other file imports it. */
import "./patches.ts";

// Loaded after the patches: kafkajs binds the replaced modules when it is loaded.
const { default: kafkajs } = await import("kafkajs");
const { default: BrokerPool } = await import("kafkajs/src/cluster/brokerPool.js");
const { default: protocolErrors } = await import("kafkajs/src/protocol/error.js");
const { KafkaJSNonRetriableError } = kafkajs;

/** A request that any broker can answer. */
type Question = (at: object) => Promise<unknown>;

/**
 * Asks each broker up to twice, and fails with the reason of the last one. kafkajs asks each broker
 * once and drops the reasons. So one lost answer would end a start, requests for metadata would
 * fail with a TypeError, and a coordinator would be "not found" both for a missing permission and
 * for a lost answer.
 */
const { withBroker } = BrokerPool.prototype;
BrokerPool.prototype.withBroker = async function (ask: Question): Promise<unknown> {
  let failure: unknown;
  const noting: Question = async (at) => {
    try {
      return await ask(at);
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  const answer = await withBroker.call(this, noting) ??
    (hasAnswered(failure) ? null : await withBroker.call(this, noting));
  // kafkajs would retry any other error, possibly forever.
  if (answer === null) throw withCause(new KafkaJSNonRetriableError(failure as Error), failure);
  return answer;
};

/** kafkajs's constructor accepts the cause, but its types lack it. */
function withCause(error: Error, cause: unknown): Error {
  return Object.assign(error, { cause });
}

/** Returns whether a broker answered with an error code of Kafka's protocol. */
function hasAnswered(failure: unknown): boolean {
  return errorChain(failure).some(({ name }) => name === "KafkaJSProtocolError");
}

export type {
  Admin,
  Batch,
  Consumer,
  EachBatchPayload,
  Kafka,
  Message,
  Offsets,
  PartitionAssigner,
  Producer,
  SASLOptions,
  Transaction,
} from "kafkajs";
export const {
  /** Reads and writes subscriptions and assignments of consumer groups. */
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

/** Returns the error that kafkajs throws for an error code of Kafka; `topic` is for its message. */
export function protocolError(code: number, topic?: string): Error {
  return Object.assign(protocolErrors.createErrorFromCode(code), { topic });
}
