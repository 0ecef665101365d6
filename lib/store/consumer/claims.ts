import { getLogger } from "@logtape/logtape";
import { type Bounds, fetchBounds, type OffsetSource } from "../../kafka/consume/bounds.ts";
import { isUnknownTopic } from "../../kafka/errors/classify.ts";
import { sleep } from "../../shared/sleep.ts";
import { checkOffset } from "./bounds.ts";
import type { DatabaseRetry } from "./database_retry.ts";
import type { Claim, Sink } from "../sink.ts";

/** Where partitions are claimed, and by whom. */
export interface ClaimOptions {
  readonly admin: OffsetSource;
  /** Whether a failure of Kafka is one that a retry would not cure. */
  readonly isFatal: (error: unknown) => boolean;
  readonly sink: Sink;
  readonly topic: string;
  /** The topic's number in the database. */
  readonly topicId: number;
  readonly group: string;
  readonly database: DatabaseRetry;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/** Between two questions to a Kafka that does not answer, in ms. */
const ASK_AGAIN = 200;
/** How often a topic may be unknown in a row: a broker that has just started knows none (10 s). */
const MAX_UNKNOWN = 50;

const logger = getLogger(["wikitap", "store"]);

/**
 * Claims partitions in the database, which says where to go on. Waits while Kafka or the database
 * is away, or a partition has no leader.
 *
 * @returns The claims, and what Kafka has of the topic, looked up after them.
 * @throws {UserError} where a claim goes on at an offset that Kafka does not have.
 * @throws The reason of `signal`, when that is aborted.
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
  // Again: until the claim, another member may have stored what has come since the first look.
  const after = await fetchAll();
  for (const claim of claims) {
    const bounds = after.get(claim.partition);
    if (bounds !== undefined) checkOffset(claim, bounds, topic, sink.advice);
  }
  return { claims, bounds: after };
}

/** Waits while partitions have no leader, as during a rolling restart. */
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
