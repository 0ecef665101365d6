import type { Cluster } from "../client/cluster.ts";

/** What was tried when a failure came: for the words and for telling causes apart. */
export interface Attempt {
  /** As it follows "Cannot": `create the topic 'x'`. */
  readonly doing: string;
  readonly cluster: Pick<Cluster, "config" | "remembered">;
  readonly topic?: string;
  /** What is needed on the topic, as Kafka's ACLs call it: `Read`, `Describe`. */
  readonly rights?: readonly string[];
  readonly group?: string;
  /** What is needed on the group. Default `Read`. */
  readonly groupRights?: readonly string[];
  readonly transactionalId?: string;
}

/** What is wrong, as it follows "Cannot …: ", and what to do. */
export interface Reason {
  readonly what: string;
  readonly hint?: string | undefined;
}

/** One error of a chain, by what kafkajs and Node put on it. */
export interface Symptom {
  readonly error: Error;
  readonly name: string;
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
