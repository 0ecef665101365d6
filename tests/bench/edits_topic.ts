import { option } from "../../lib/cli/option.ts";
import { integer } from "../../lib/cli/values.ts";
import { openPublisher } from "../support/kafka/records.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { editLike } from "./store_edits.ts";

const PARTITIONS = 6;

/** Records of one transaction. */
const AT_ONCE = 18_000;

/** The size of the topic. */
export const recordsOption = option({
  placeholder: "N",
  help: "Records in the topic.",
  parse: integer(1000, 100_000_000),
  default: 1_000_000,
});

/** Makes a topic of six partitions with uncompressed edits, and returns its name. */
export async function editsTopic(brokers: string, records: number): Promise<string> {
  const topic = await makeTopic(brokers, { partitions: PARTITIONS });
  await using publisher = await openPublisher(brokers);
  for (let first = 0; first < records; first += AT_ONCE) {
    const count = Math.min(AT_ONCE, records - first);
    await publisher.publish(
      topic,
      Array.from({ length: count }, (_, index) => ({
        partition: index % PARTITIONS,
        value: JSON.stringify(editLike(first + index)),
      })),
    );
  }
  return topic;
}
