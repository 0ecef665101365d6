import type { Cluster } from "../client/cluster.ts";
import { protocolErrorType } from "./explain.ts";
import { isNamed } from "./classify.ts";

/** How long a cluster may take until what was just made, or just started, is ready, in ms. */
const LIMIT = 8000;

/**
 * Does something again and again, for 8 s at the most, while Kafka says that it is not ready yet: a
 * topic that was made a moment ago, a broker that has just started, the first consumer group or
 * transaction in a cluster's life.
 */
export async function whileStarting<T>(
  cluster: Pick<Cluster, "remembered">,
  work: () => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + LIMIT;
  while (true) {
    try {
      return await work();
    } catch (error) {
      if (!isStarting(error, cluster) || Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** How long Kafka may take to give the work of a broker that died to others: 9 s by default. */
const FAILOVER_LIMIT = 15_000;

/**
 * Does something again and again, for `limit` ms (default 15,000), while the broker that it needs is
 * away: one that died is in charge until its session ends. Only for work in a cluster that has just answered;
 * where none does, a person wants to know at once.
 */
export async function throughFailover<T>(
  work: () => Promise<T>,
  limit: number = FAILOVER_LIMIT,
): Promise<T> {
  const deadline = Date.now() + limit;
  while (true) {
    try {
      return await work();
    } catch (error) {
      if (!isAway(error) || Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
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

function isStarting(error: unknown, { remembered }: Pick<Cluster, "remembered">): boolean {
  const type = protocolErrorType(error);
  if (WITHOUT_LEADER.has(type) || WITHOUT_COORDINATOR.has(type)) return true;
  // kafkajs's error for a coordinator that it does not find says nothing of why.
  return error instanceof Error && error.name === "KafkaJSGroupCoordinatorNotFound" &&
    /not available|loading/i.test(remembered.coordinatorError ?? "");
}

/** What a dead producer left is being completed, or a dead broker's work given to another one. */
const PASSING: ReadonlySet<string | undefined> = new Set([
  "CONCURRENT_TRANSACTIONS",
  "NOT_COORDINATOR_FOR_GROUP",
]);

/** A connection failed, or Kafka is still dealing with a death. */
function isAway(error: unknown): boolean {
  if (PASSING.has(protocolErrorType(error))) return true;
  return isNamed(error, /^KafkaJS(Connection(Closed)?|RequestTimeout)Error$/);
}
