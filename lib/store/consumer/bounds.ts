import { UserError } from "../../shared/error.ts";
import type { Bounds } from "../../kafka/consume/bounds.ts";
import type { Advice, Claim } from "../sink.ts";

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
  advice: Advice,
): void {
  const where = `partition ${partition} of the topic '${topic}'`;
  if (next > high) {
    throw new UserError(
      `The database goes on at offset ${next} in ${where}, and Kafka has none beyond ${high}`,
      {
        hint: "If the topic was deleted and created again, give another --database, or drop what " +
          `is stored of the old one: ${advice.dropTopic(topicId)}`,
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
          advice.skipTo(topicId, partition, low),
      },
    );
  }
}
