import { type Cluster, disconnect } from "../client/cluster.ts";
import type { Attempt } from "../errors/terms.ts";
import { explain } from "../errors/explain.ts";
import type { Admin } from "../client/kafkajs.ts";

export type { Admin };

/**
 * Runs admin work on a connection of its own, and closes it. Failures are reported within 5 s.
 *
 * @param attempt Describes the work, for the error message.
 * @throws the failure, explained by `explain()`.
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
