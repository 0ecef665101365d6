import { getLogger } from "@logtape/logtape";
import { protocolErrorType } from "../../kafka/errors/explain.ts";
import type { Admin } from "../../kafka/client/kafkajs.ts";
import { sleep } from "../../shared/sleep.ts";
import { type Bounds, checkOffset, fetchBounds } from "./bounds.ts";
import { type PatienceOptions, persist } from "./patience.ts";
import type { Claim, Sink } from "../sink.ts";

/** Where partitions are claimed, and by whom. */
export interface ClaimOptions {
  readonly admin: Admin;
  readonly sink: Sink;
  readonly topic: string;
  /** The topic's number in the database. */
  readonly topicId: number;
  readonly group: string;
  readonly patience: PatienceOptions;
}

/** Between two questions to a Kafka that does not answer, in ms. */
const ASK_AGAIN = 200;

const logger = getLogger(["wikitap", "store"]);

/**
 * Claims partitions in the database, which says where to go on. Waits while Kafka or the database
 * is away.
 *
 * @returns The claims, and what Kafka has of the topic, looked up after them.
 * @throws {UserError} where a claim goes on at an offset that Kafka does not have.
 * @throws The reason of the patience's signal, when that is aborted.
 */
export async function claimPartitions(
  partitions: readonly number[],
  { admin, sink, topic, topicId, group, patience }: ClaimOptions,
): Promise<{ claims: readonly Claim[]; bounds: ReadonlyMap<number, Bounds> }> {
  const before = await boundsOf(admin, topic, patience.signal);
  const claims: Claim[] = [];
  for (const partition of partitions) {
    const first = before.get(partition)?.low ?? 0n;
    claims.push(await persist(() => sink.claim({ topicId, partition, group, first }), patience));
  }
  // Again: until the claim, another member may have stored what has come since the first look.
  const after = await boundsOf(admin, topic, patience.signal);
  for (const claim of claims) {
    const bounds = after.get(claim.partition);
    if (bounds !== undefined) checkOffset(claim, bounds, topic);
  }
  return { claims, bounds: after };
}

async function boundsOf(
  admin: Admin,
  topic: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, Bounds>> {
  while (true) {
    try {
      return await fetchBounds(admin, topic);
    } catch (error) {
      // What Kafka itself says does not pass; a connection does.
      if (protocolErrorType(error) !== undefined) throw error;
      logger.debug("Cannot ask for the offsets of the topic: {error}", { error });
    }
    await sleep(ASK_AGAIN, signal);
    signal.throwIfAborted();
  }
}
