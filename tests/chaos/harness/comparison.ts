import type { Cluster } from "../../../lib/kafka/client/cluster.ts";
import { SpanReader } from "../../../lib/kafka/consume/direct/span_reader.ts";
import { readTopic } from "../../../lib/kafka/consume/reader.ts";
import type { VerifyReport } from "../../../lib/verify/report.ts";
import { Checker } from "./checker.ts";
import type { ExpectedEdit } from "./expected.ts";

/** A topic to be compared. */
export interface Place {
  readonly cluster: Cluster;
  readonly topic: string;
  readonly partitions: number;
}

/**
 * Compares the records of a topic.
 *
 * @returns `committed`: the number of records.
 */
export async function compare(
  { cluster, topic, partitions }: Place,
  edits: readonly ExpectedEdit[],
): Promise<{ report: VerifyReport; committed: number }> {
  const checker = new Checker(edits, partitions);
  let committed = 0;
  await using reader = await SpanReader.open(cluster, topic, 0);
  await reader.read({
    handle: (partition, records) => {
      committed += records.length;
      for (const record of records) checker.take(partition, record);
    },
  });
  return { report: checker.end(), committed };
}

/** Returns the number of records that a reader of uncommitted records sees. */
export async function uncommitted({ cluster, topic }: Place): Promise<number> {
  let count = 0;
  await readTopic(cluster, {
    topic,
    from: "beginning",
    toEnd: true,
    uncommitted: true,
    handle: ({ records }) => {
      count += records.length;
    },
  });
  return count;
}
