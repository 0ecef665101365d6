import { UserError } from "../../shared/error.ts";
import type { Admin } from "../client/kafkajs.ts";

/**
 * Throws for a consumer group that holds the position of a producer: committed offsets would
 * overwrite the position.
 *
 * @throws {UserError} that names the topic to which the position is attached.
 */
export async function refusePositionGroup(admin: Admin, groupId: string): Promise<void> {
  for (const { topic, partitions } of await admin.fetchOffsets({ groupId })) {
    if (!partitions.some(({ metadata }) => isPosition(metadata))) continue;
    throw new UserError(
      `Cannot use the group '${groupId}': it holds the position of the producer for the topic '${topic}'`,
      { hint: "Choose another --group" },
    );
  }
}

/** Returns whether an offset's metadata is a producer's position: `"wikitap": "position"`. */
export function isPosition(metadata: string | null): boolean {
  if (metadata === null || !metadata.includes('"wikitap"')) return false;
  try {
    return JSON.parse(metadata)?.wikitap === "position";
  } catch {
    return false;
  }
}
