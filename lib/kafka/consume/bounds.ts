import { withAdmin } from "../admin/with_admin.ts";
import type { Cluster } from "../client/cluster.ts";
import type { Admin } from "../client/kafkajs.ts";
import { isFatal, isUnknownTopic } from "../errors/classify.ts";
import type { Attempt } from "../errors/terms.ts";
import { getLogger } from "@logtape/logtape";
import { type Bounds, PartitionMap, type TopicPartition } from "../topic_partition.ts";
import { sleep } from "../../shared/sleep.ts";

/** The part of a client that fetches the offsets of a topic. */
export type OffsetSource = Pick<Admin, "fetchTopicOffsets">;

/** Returns the bounds of all partitions of the topics of `partitions`. */
export async function fetchBounds(
  admin: OffsetSource,
  partitions: readonly TopicPartition[],
): Promise<PartitionMap<Bounds>> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  const entries = await Promise.all(topics.map(async (topic) => {
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.map(({ partition, low, high }) =>
      [{ topic, partition }, { low: BigInt(low), high: BigInt(high) }] as const
    );
  }));
  return new PartitionMap(entries.flat());
}

/** The wait between two attempts while Kafka does not answer, in ms. */
const RETRY_MS = 200;

/** How long a topic may be unknown, in ms: a broker that has just started does not know it yet. */
const UNKNOWN_LIMIT_MS = 10_000;

const logger = getLogger(["wikitap", "kafka"]);

/**
 * Asks Kafka about a topic that is being read. Retries while no broker answers or a partition has
 * no leader, which is temporary, for example after a rolling restart.
 *
 * @param ask Gives `undefined` to be called again.
 * @throws {UserError} if Kafka refuses, or does not know the topic for 10 s.
 * @throws The signal's reason, when it is aborted.
 */
export function askPatiently<T>(
  cluster: Cluster,
  attempt: Omit<Attempt, "cluster">,
  signal: AbortSignal,
  ask: (admin: Admin) => Promise<T | undefined>,
): Promise<T> {
  return untilAnswered(() => withAdmin(cluster, attempt, ask), signal);
}

/**
 * Asks Kafka about a topic, as {@linkcode askPatiently}, over the caller's connection.
 *
 * @param ask Returns `undefined` to be called again.
 * @throws a permanent failure, also that of a topic that has been unknown for 10 s.
 * @throws The signal's reason, when it is aborted.
 */
export async function untilAnswered<T>(
  ask: () => Promise<T | undefined>,
  signal: AbortSignal,
): Promise<T> {
  let unknownSince = Infinity;
  while (true) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      unknownSince = isUnknownTopic(error) ? Math.min(unknownSince, performance.now()) : Infinity;
      if (isFatal(error) || performance.now() - unknownSince > UNKNOWN_LIMIT_MS) throw error;
      logger.debug("Cannot read offsets; retrying: {error}", { error });
    }
    await sleep(RETRY_MS, signal);
    signal.throwIfAborted();
  }
}
