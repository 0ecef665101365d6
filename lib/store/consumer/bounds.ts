import { UserError } from "../../shared/error.ts";
import type { Admin } from "../../kafka/client/kafkajs.ts";
import type { Claim } from "../sink.ts";

/** What Kafka has of a partition: the first offset, and the end for readers of committed records. */
export interface Bounds {
  readonly low: bigint;
  readonly high: bigint;
}

/** The bounds of all partitions of a topic. */
export async function fetchBounds(
  admin: Pick<Admin, "fetchTopicOffsets">,
  topic: string,
): Promise<ReadonlyMap<number, Bounds>> {
  const offsets = await admin.fetchTopicOffsets(topic);
  return new Map(offsets.map(({ partition, low, high }) => [
    partition,
    { low: BigInt(low), high: BigInt(high) },
  ]));
}

/**
 * Refuses an offset that Kafka does not have: consumers would silently go elsewhere, and skip
 * records or pass over all of them.
 *
 * @throws {UserError} for one before the partition's first or beyond its end.
 */
export function checkOffset(
  { topicId, partition, next }: Pick<Claim, "topicId" | "partition" | "next">,
  { low, high }: Bounds,
  topic: string,
): void {
  const where = `partition ${partition} of the topic '${topic}'`;
  if (next > high) {
    throw new UserError(
      `The database goes on at offset ${next} in ${where}, and Kafka has none beyond ${high}`,
      {
        hint: "Was the topic deleted and made anew? Then give another --database, or drop what " +
          `is stored of the old one: ${dropping(topicId)}`,
      },
    );
  }
  if (next < low) {
    throw new UserError(
      `Kafka has deleted records of ${where} before they were stored: offsets ${next} to ${
        low - 1n
      }`,
      {
        hint: "Its retention is too short. To go on without them: " +
          `UPDATE positions SET next_offset = ${low} WHERE topic_id = ${topicId} AND partition = ${partition}`,
      },
    );
  }
}

/** The SQL that drops all that is stored of a topic but its name. */
function dropping(topicId: number): string {
  return ["edits", "bad_records", "positions"]
    .map((table) => `DELETE FROM ${table} WHERE topic_id = ${topicId}`).join("; ");
}
