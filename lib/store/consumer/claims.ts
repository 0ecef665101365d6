import { fetchBounds, type OffsetSource, untilAnswered } from "../../kafka/consume/bounds.ts";
import { type Bounds, PartitionMap, type TopicPartition } from "../../kafka/topic_partition.ts";
import { checkOffset } from "./bounds.ts";
import type { DatabaseRetry } from "./database_retry.ts";
import type { Claim, Sink } from "../sink.ts";

/** The topics of the partitions, and the clients for them. */
export interface ClaimOptions {
  /** Fetches the offsets of topics. */
  readonly admin: OffsetSource;
  /** The database in which partitions are claimed. */
  readonly sink: Sink;
  /** The numbers of the topics in the database. */
  readonly topicNumbers: ReadonlyMap<string, number>;
  /** The consumer group that reads them. */
  readonly group: string;
  /** Retries work on the database. */
  readonly database: DatabaseRetry;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/**
 * Claims partitions in the database, which determines where to continue. Waits while Kafka or the
 * database is unavailable, or a partition has no leader.
 *
 * @returns The claims, and the bounds of the topics in Kafka, fetched after them.
 * @throws {UserError} if a claim continues at an offset that Kafka does not have.
 * @throws The reason of `signal`, if that is aborted.
 */
export async function claimPartitions(
  partitions: readonly TopicPartition[],
  { admin, sink, topicNumbers, group, database, signal }: ClaimOptions,
): Promise<{ claims: PartitionMap<Claim>; bounds: PartitionMap<Bounds> }> {
  const fetchAll = () => untilAnswered(() => fetchBounds(admin, partitions), signal);
  const before = await fetchAll();
  const claims = new PartitionMap<Claim>();
  for (const at of partitions) {
    const { topic, partition } = at;
    const topicId = topicNumbers.get(topic)!;
    const first = before.get(at)?.low ?? 0n;
    const claim = () => sink.claim({ topicId, partition, group, first });
    claims.set(at, await database.run(claim, signal));
  }
  // The position, the beginning and the end only grow. So the end must be newer than the claim, and
  // the beginning older: another member may store records meanwhile, and Kafka may delete those.
  const after = await fetchAll();
  for (const [at, claim] of claims) {
    const high = after.get(at)?.high;
    const low = before.get(at)?.low ?? 0n;
    if (high !== undefined) checkOffset(claim, { low, high }, at.topic, sink.advice);
  }
  return { claims, bounds: after };
}
