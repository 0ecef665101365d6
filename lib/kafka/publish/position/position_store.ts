import { withAdmin } from "../../admin/with_admin.ts";
import type { Cluster } from "../../client/cluster.ts";
import { retryWhileNotReady } from "../../errors/retry.ts";
import { protocolErrorType } from "../../errors/explain.ts";
import type { Admin } from "../../client/kafkajs.ts";
import { decodeSaved, type SavedProgress } from "./saved_position.ts";

/** Where the position is saved: as an offset of the group, on partition 0 of an existing topic. */
export interface PositionPlace {
  /** The producer's name, which is also the group's. */
  readonly group: string;
  /** The topic to which the position is attached. */
  readonly topic: string;
}

/**
 * Reads the saved position; `undefined` if there is none.
 *
 * @throws {UserError} for a position that cannot be read.
 */
export async function readSaved(
  admin: Admin,
  { group, topic }: PositionPlace,
): Promise<SavedProgress | undefined> {
  const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  const first = found?.partitions.find(({ partition }) => partition === 0);
  return decodeSaved(group, first?.offset ?? "-1", first?.metadata);
}

/** Reads the saved position on a new connection. See {@linkcode readSaved}. */
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
 * Deletes the saved position. A producer that runs under this name ends with an error.
 *
 * @returns Whether there was one.
 */
export function resetPosition(cluster: Cluster, place: PositionPlace): Promise<boolean> {
  const attempt = {
    action: `delete the position of '${place.group}'`,
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
