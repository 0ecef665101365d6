import { errorChain } from "../../shared/error.ts";
import { protocolErrorType } from "./explain.ts";

/** Error codes that a retry cannot cure: an operator has to change something first. */
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

/** Returns whether a retry cannot cure a failure of work that succeeded before. */
export function isFatal(error: unknown): boolean {
  const type = protocolErrorType(error);
  return type === undefined ? isNamed(error, /^KafkaJSSASLAuthenticationError$/) : FATAL.has(type);
}

/**
 * Returns whether the broker ended this producer's epoch. Another producer took over, or the
 * transaction timed out.
 */
export function isFenced(error: unknown): boolean {
  const type = protocolErrorType(error);
  return type === "INVALID_PRODUCER_EPOCH" || type === "PRODUCER_FENCED";
}

/**
 * Returns whether the topic does not exist. A broker that has just started may report that for a
 * moment of a topic that does.
 */
export function isUnknownTopic(error: unknown): boolean {
  return protocolErrorType(error) === "UNKNOWN_TOPIC_OR_PARTITION";
}

/** Returns whether the name of an error or of one of its causes matches `name`. */
export function isNamed(error: unknown, name: RegExp): boolean {
  return errorChain(error).some((one) => name.test(one.name));
}
