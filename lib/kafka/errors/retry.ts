import { retry } from "../../shared/retry.ts";
import { protocolErrorType } from "./explain.ts";
import { isNamed } from "./classify.ts";

/** The retries for a cluster that has just started, or a topic that was just created. */
const START = { firstWaitMs: 100, limitMs: 8000 };

/**
 * Retries work, for at most 8 s, while Kafka answers that it is not ready. Causes are a topic that
 * was just created, a broker that has just started, and the first consumer group or transaction of
 * a cluster.
 *
 * @throws the last failure.
 */
export function retryWhileNotReady<T>(work: () => Promise<T>): Promise<T> {
  return retry(work, isStarting, START);
}

/**
 * Returns whether a failure is temporary: a broker starts, or died and is being replaced. Only for
 * work in a cluster that has just answered, as `retryDuringFailover()`.
 */
export function isPassing(error: unknown): boolean {
  return isStarting(error) || isAway(error);
}

/**
 * A dead broker remains leader and coordinator until its session ends, 9 s by default. A producer
 * waits 15 s for a lost answer (`producerTimeouts`) before it asks again.
 */
const FAILOVER_LIMIT_MS = 20_000;

/**
 * Retries work while the broker that it needs is unreachable. Only for work in a cluster that has
 * just answered. If no broker answers, the user must know at once.
 *
 * @param limitMs Default 20,000 ms.
 * @throws the last failure.
 */
export function retryDuringFailover<T>(
  work: () => Promise<T>,
  limitMs: number = FAILOVER_LIMIT_MS,
): Promise<T> {
  return retry(work, isAway, { firstWaitMs: 250, limitMs });
}

/** Error codes of a partition that has no leader yet, or whose leader does not know it yet. */
export const WITHOUT_LEADER: ReadonlySet<string | undefined> = new Set([
  "LEADER_NOT_AVAILABLE",
  "NOT_LEADER_FOR_PARTITION",
  "REPLICA_NOT_AVAILABLE",
]);

const WITHOUT_COORDINATOR: ReadonlySet<string | undefined> = new Set([
  "GROUP_LOAD_IN_PROGRESS",
  "GROUP_COORDINATOR_NOT_AVAILABLE",
  "NOT_COORDINATOR_FOR_GROUP",
]);

/** Returns whether Kafka answered that it is not ready: no leader yet, or no coordinator. */
export function isStarting(error: unknown): boolean {
  const type = protocolErrorType(error);
  return WITHOUT_LEADER.has(type) || WITHOUT_COORDINATOR.has(type);
}

/** Kafka ends the transaction of a dead producer, or moves the work of a dead broker. */
const PASSING: ReadonlySet<string | undefined> = new Set([
  "CONCURRENT_TRANSACTIONS",
  "NOT_COORDINATOR_FOR_GROUP",
]);

/** Returns whether a connection failed, or Kafka is still recovering from a dead broker. */
function isAway(error: unknown): boolean {
  if (PASSING.has(protocolErrorType(error))) return true;
  return isNamed(error, /^KafkaJS(Connection(Closed)?|RequestTimeout)Error$/);
}
