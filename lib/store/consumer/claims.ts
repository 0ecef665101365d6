import {
  type Bounds,
  fetchBounds,
  type OffsetSource,
  untilAnswered,
} from "../../kafka/consume/bounds.ts";
import { checkOffset } from "./bounds.ts";
import type { DatabaseRetry } from "./database_retry.ts";
import type { Claim, Sink } from "../sink.ts";

/** The claimed topic, and the clients for it. */
export interface ClaimOptions {
  /** Fetches the offsets of the topic. */
  readonly admin: OffsetSource;
  /** The database in which partitions are claimed. */
  readonly sink: Sink;
  /** The name of the topic. */
  readonly topic: string;
  /** The topic's number in the database. */
  readonly topicId: number;
  /** The consumer group that reads it. */
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
 * @returns The claims, and the topic's bounds in Kafka, fetched after them.
 * @throws {UserError} if a claim continues at an offset that Kafka does not have.
 * @throws The reason of `signal`, if that is aborted.
 */
export async function claimPartitions(
  partitions: readonly number[],
  { admin, sink, topic, topicId, group, database, signal }: ClaimOptions,
): Promise<{ claims: readonly Claim[]; bounds: ReadonlyMap<number, Bounds> }> {
  const fetchAll = () => untilAnswered(() => fetchBounds(admin, topic), signal);
  const before = await fetchAll();
  const claims: Claim[] = [];
  for (const partition of partitions) {
    const first = before.get(partition)?.low ?? 0n;
    const claim = () => sink.claim({ topicId, partition, group, first });
    claims.push(await database.run(claim, signal));
  }
  // Again: before the claim, another member may have stored records newer than the first bounds.
  const after = await fetchAll();
  for (const claim of claims) {
    const bounds = after.get(claim.partition);
    if (bounds !== undefined) checkOffset(claim, bounds, topic, sink.advice);
  }
  return { claims, bounds: after };
}
