import { withAdmin } from "../admin/with_admin.ts";
import type { Cluster } from "../client/cluster.ts";
import { retryWhileNotReady } from "../errors/retry.ts";
import { protocolErrorType } from "../errors/explain.ts";
import type { Admin } from "../client/kafkajs.ts";
import { decodeSaved, type SavedProgress } from "./saved_position.ts";

/** Where the position is kept: an offset of the group, on partition 0 of a topic that exists. */
export interface PositionPlace {
  /** The producer's name, which is the group's. */
  readonly group: string;
  readonly topic: string;
}

/** Reads what was saved. @throws {UserError} for a position that cannot be read. */
export async function readSaved(
  admin: Admin,
  { group, topic }: PositionPlace,
): Promise<SavedProgress | undefined> {
  const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  const first = found?.partitions.find(({ partition }) => partition === 0);
  return decodeSaved(group, first?.offset ?? "-1", first?.metadata);
}

/** Reads what was saved, on a connection of its own. */
export function savedPosition(
  cluster: Cluster,
  place: PositionPlace,
): Promise<SavedProgress | undefined> {
  const attempt = { action: `read the position of '${place.group}'`, ...rightsOf(place) };
  return withAdmin(
    cluster,
    attempt,
    (admin) => retryWhileNotReady(() => readSaved(admin, place)),
  );
}

/**
 * Forgets what was saved. A producer that runs under this name meanwhile ends with an error.
 *
 * @returns Whether there was something.
 */
export function resetPosition(cluster: Cluster, place: PositionPlace): Promise<boolean> {
  const attempt = {
    action: `forget the position of '${place.group}'`,
    ...rightsOf(place),
    groupRights: ["Delete"],
  };
  return withAdmin(cluster, attempt, async (admin) => {
    try {
      await retryWhileNotReady(() => admin.deleteGroups([place.group]));
      return true;
    } catch (error) {
      if (protocolErrorType(error) === "GROUP_ID_NOT_FOUND") return false;
      throw error;
    }
  });
}

function rightsOf({ group, topic }: PositionPlace) {
  return { group, topic, rights: ["Describe"] };
}
