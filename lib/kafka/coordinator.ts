import type { Cluster } from "./cluster.ts";
import { protocolErrorType } from "./failure.ts";

/** How long a new cluster may take until it has coordinators, in ms. */
const LIMIT = 4000;

/**
 * Does something that needs the coordinator of a group or transactional id, again and again for 4 s
 * while the cluster only begins to have one: the first group or transaction of its life, or a
 * broker that has just started.
 */
export async function withCoordinator<T>(
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

const STARTING: ReadonlySet<string | undefined> = new Set([
  "GROUP_LOAD_IN_PROGRESS",
  "GROUP_COORDINATOR_NOT_AVAILABLE",
  "NOT_COORDINATOR_FOR_GROUP",
]);

function isStarting(error: unknown, { remembered }: Pick<Cluster, "remembered">): boolean {
  if (STARTING.has(protocolErrorType(error))) return true;
  return error instanceof Error && error.name === "KafkaJSGroupCoordinatorNotFound" &&
    /not available|loading/i.test(remembered.coordinatorError ?? "");
}
