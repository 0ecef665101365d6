import { getLogger } from "@logtape/logtape";
import { type Bounds, fetchBounds, type OffsetSource } from "../../kafka/consume/bounds.ts";
import { isUnknownTopic } from "../../kafka/errors/classify.ts";
import { sleep } from "../../shared/sleep.ts";
import { checkOffset } from "./bounds.ts";
import type { DatabaseRetry } from "./database_retry.ts";
import type { Claim, Sink } from "../sink.ts";

/** The claimed topic, and the clients for it. */
export interface ClaimOptions {
  /** Fetches the offsets of the topic. */
  readonly admin: OffsetSource;
  /** Returns whether a failure of Kafka would not pass with retries. */
  readonly isFatal: (error: unknown) => boolean;
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

/** The wait between requests to a Kafka that does not answer, in ms. */
const ASK_AGAIN = 200;
/** Consecutive answers that the topic is unknown: a broker that just started knows none (10 s). */
const MAX_UNKNOWN = 50;

const logger = getLogger(["wikitap", "store"]);

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
  { admin, isFatal, sink, topic, topicId, group, database, signal }: ClaimOptions,
): Promise<{ claims: readonly Claim[]; bounds: ReadonlyMap<number, Bounds> }> {
  const fetchAll = () => boundsOf(admin, topic, isFatal, signal);
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

/** Fetches bounds; waits while partitions have no leader, as during a rolling restart. */
async function boundsOf(
  admin: ClaimOptions["admin"],
  topic: string,
  isFatal: ClaimOptions["isFatal"],
  signal: AbortSignal,
): Promise<ReadonlyMap<number, Bounds>> {
  for (let unknown = 0;;) {
    try {
      return await fetchBounds(admin, topic);
    } catch (error) {
      unknown = isUnknownTopic(error) ? unknown + 1 : 0;
      if (isFatal(error) || unknown > MAX_UNKNOWN) throw error;
      logger.debug("Cannot fetch the offsets of the topic: {error}", { error });
    }
    await sleep(ASK_AGAIN, signal);
    signal.throwIfAborted();
  }
}
