import type { Cluster } from "../client/cluster.ts";
import { protocolErrorType } from "./explain.ts";

/** Error codes after which trying on would not help before somebody changes something. */
const FATAL = new Set([
  "TOPIC_AUTHORIZATION_FAILED",
  "GROUP_AUTHORIZATION_FAILED",
  "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "UNSUPPORTED_SASL_MECHANISM",
  "ILLEGAL_SASL_STATE",
  "SASL_AUTHENTICATION_FAILED",
  "INVALID_TOPIC_EXCEPTION",
  "INVALID_PARTITIONS",
  "INVALID_REPLICATION_FACTOR",
  "INVALID_CONFIG",
  "POLICY_VIOLATION",
  "INVALID_TRANSACTION_TIMEOUT",
  "OFFSET_METADATA_TOO_LARGE",
  "UNSUPPORTED_FOR_MESSAGE_FORMAT",
  "UNSUPPORTED_VERSION",
]);

/** Whether a failure of work that went well before is one that trying on would not cure. */
export function isFatal(error: unknown, cluster: Cluster): boolean {
  const type = protocolErrorType(error);
  if (type !== undefined) return FATAL.has(type);
  if (isNamed(error, /^KafkaJSSASLAuthenticationError$/)) return true;
  return isNamed(error, /^KafkaJSGroupCoordinatorNotFound$/) &&
    /authorization failed/i.test(cluster.remembered.coordinatorError ?? "");
}

/** The broker ended this producer's epoch: it was taken over, or its transaction ran out of time. */
export function isFenced(error: unknown): boolean {
  const type = protocolErrorType(error);
  return type === "INVALID_PRODUCER_EPOCH" || type === "PRODUCER_FENCED";
}

/** The topic is not there; also said for moments by a broker that has just started. */
export function isUnknownTopic(error: unknown): boolean {
  return protocolErrorType(error) === "UNKNOWN_TOPIC_OR_PARTITION";
}

/** Whether an error or one of its causes has a name like this. */
export function isNamed(error: unknown, name: RegExp): boolean {
  for (let e = error; e instanceof Error; e = e.cause) if (name.test(e.name)) return true;
  return false;
}
