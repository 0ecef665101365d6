import type { Cluster } from "../client/cluster.ts";

/** Describes the work that failed: for the message, and to distinguish causes. */
export interface Attempt {
  /** The work, as a phrase after "Cannot": `create the topic 'x'`. */
  readonly action: string;
  /** The cluster that was asked. */
  readonly cluster: Pick<Cluster, "config" | "diagnostics">;
  /** The topic that the work is about, if it is about one. */
  readonly topic?: string;
  /** Operations that it needs on the topic, as in Kafka's ACLs: `Read`. Default `Describe`. */
  readonly rights?: readonly string[];
  /** The consumer group that the work is about, if it is about one. */
  readonly group?: string;
  /** Operations that it needs on the group. Default `Read`. */
  readonly groupRights?: readonly string[];
  /** The transactional id of the producer, if it has one. */
  readonly transactionalId?: string;
}

/** The reason of a failure, and how to solve it. */
export interface Reason {
  /** The reason, as a phrase after "Cannot …: ". */
  readonly what: string;
  /** One imperative: how to solve the problem. */
  readonly hint?: string | undefined;
}

/** One error of a chain, with the facts that kafkajs and Node attach to it. */
export interface ErrorFacts {
  /** The error itself. */
  readonly error: Error;
  /** The name of its class: `KafkaJSConnectionError`. */
  readonly name: string;
  /** Its message. */
  readonly message: string;
  /** Kafka's name of an error code of the protocol: `UNKNOWN_TOPIC_OR_PARTITION`. */
  readonly type: string | undefined;
  /** The topic that the error is about. */
  readonly topic: string | undefined;
  /** Code of Node or OpenSSL: `ECONNREFUSED`. */
  readonly code: string | undefined;
  /** `host:port` that the error is about. */
  readonly broker: string | undefined;
}
