import { type Cluster, disconnect } from "../client/cluster.ts";
import { type Attempt, explain } from "../errors/explain.ts";
import type { Admin } from "../client/kafkajs.ts";

export type { Admin };

/**
 * Does a piece of admin work on a connection of its own, and closes it. Failures come in less than
 * 5 s, as `explain()` tells them.
 *
 * @param attempt What is done, for the words of a failure.
 */
export async function withAdmin<T>(
  cluster: Cluster,
  attempt: Omit<Attempt, "cluster">,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = cluster.quick.admin();
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    throw explain(error, { ...attempt, cluster });
  } finally {
    await disconnect(admin);
  }
}
