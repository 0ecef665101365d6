import type { Cluster } from "../../../lib/kafka/client/cluster.ts";
import { readTopic } from "../../../lib/kafka/consume/reader.ts";
import { type CheckedRecord, Checker, type Verdict } from "./checker.ts";
import type { Expected } from "./expected.ts";

interface Place {
  readonly cluster: Cluster;
  readonly topic: string;
}

/** For all partitions to show the last commit, in ms. */
const LAST_COMMIT_MS = 10_000;

/**
 * Compares what is in a topic. A commit is acknowledged before all partitions show it: if something
 * is missing that was handled, the topic is read again, for 10 s at most.
 *
 * @param isComplete Whether all events were handled.
 * @returns `aborted`: records that only a reader of uncommitted records sees.
 */
export async function compare(
  place: Place,
  edits: Expected["edits"],
  isComplete: boolean,
): Promise<{ verdict: Verdict; aborted: number }> {
  const deadline = performance.now() + LAST_COMMIT_MS;
  while (true) {
    const checker = new Checker({ edits });
    const committed = await readAll(place, (partition, record) => checker.take(partition, record));
    const { verdict } = checker;
    if (isComplete && verdict.lost > 0 && performance.now() < deadline) continue;
    return { verdict, aborted: await readAll({ ...place, uncommitted: true }) - committed };
  }
}

/** @returns How many records there are. */
async function readAll(
  { cluster, topic, uncommitted = false }: Place & { readonly uncommitted?: boolean },
  take: (partition: number, record: CheckedRecord) => void = () => {},
): Promise<number> {
  let count = 0;
  await readTopic(cluster, {
    topic,
    from: "beginning",
    toEnd: true,
    uncommitted,
    handle: ({ partition, records }) => {
      count += records.length;
      for (const record of records) take(partition, record);
    },
  });
  return count;
}
