import { UserError } from "../../shared/error.ts";
import type { Admin } from "../client/kafkajs.ts";

/**
 * Refuses a consumer group that holds the position of a producer: committing offsets to it would
 * lose the position.
 *
 * @throws {UserError} naming the topic that the position is attached to.
 */
export async function refusePositionGroup(admin: Admin, groupId: string): Promise<void> {
  for (const { topic, partitions } of await admin.fetchOffsets({ groupId })) {
    if (!partitions.some(({ metadata }) => isPosition(metadata))) continue;
    throw new UserError(
      `The group '${groupId}' holds the position of the producer for the topic '${topic}'`,
      { hint: "Give another --group" },
    );
  }
}

/** Whether an offset's metadata is a producer's position: JSON with `"wikitap": "position"`. */
export function isPosition(metadata: string | null): boolean {
  if (metadata === null || !metadata.includes('"wikitap"')) return false;
  try {
    return JSON.parse(metadata)?.wikitap === "position";
  } catch {
    return false;
  }
}
