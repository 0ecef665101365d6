import { UserError } from "../../shared/error.ts";
import type { Bounds } from "../../kafka/topic_partition.ts";
import type { Advice, Claim } from "../sink.ts";

/**
 * Checks that Kafka has an offset. Otherwise consumers would silently continue elsewhere, and skip
 * records or read none of them.
 *
 * @throws {UserError} for an offset before the partition's first or beyond its end.
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
      `Cannot continue in ${where}: the next offset in the database is ${next}, and Kafka has none beyond ${high}`,
      {
        hint: "If the topic was deleted and created again, choose another --database, or delete " +
          `what is stored of the old one: ${advice.dropTopic(topicId)}`,
      },
    );
  }
  if (next < low) {
    throw new UserError(
      `Cannot continue in ${where}: Kafka has deleted records before they were stored, offsets ${next} to ${
        low - 1n
      }`,
      {
        hint: "Its retention is too short. To continue without them: " +
          advice.skipTo(topicId, partition, low),
      },
    );
  }
}
