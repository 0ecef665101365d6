import { NamedError, UserError } from "../shared/error.ts";
import type { Rows } from "./rows.ts";

/**
 * A database that stores rows together with the offsets they came from. Rows and offset are written
 * together or not at all, and only by the holder of the partition.
 */
export interface Sink extends AsyncDisposable {
  /** The unique id of the database, created with it. */
  readonly databaseId: string;
  /** The number of simultaneous batches that is worthwhile. */
  readonly concurrency: number;

  /** How to resolve a conflict between the database and Kafka. */
  readonly advice: Advice;

  /**
   * Adds the topic, unless it exists, and returns its number in this database.
   *
   * @throws {UserError} if the existing topic is an older one of the same name.
   */
  addTopic(topic: TopicName): Promise<number>;

  /** Makes the caller the holder of a partition. Its previous holder can no longer write. */
  claim(wanted: ClaimRequest): Promise<Claim>;

  /**
   * Accepts the rows of the records from `claim.next` up to `next` and moves the offset to `next`,
   * if the claim is still valid. Rows that exist already are not changed.
   */
  write(batch: SinkBatch): Promise<WriteOutcome>;

  /**
   * Makes durable what `write()` has accepted; a sink that writes at once does nothing. Rows that
   * were accepted and not flushed are not stored: the next claim begins before them.
   *
   * @param options.onlyDue Only rows that have waited long enough. Default `false`: all.
   * @returns Partitions whose accepted rows were dropped since the last call, because another member
   * has claimed them. If this member still holds one, it has to claim it again.
   */
  flush(options?: { readonly onlyDue?: boolean }): Promise<readonly ClaimedPartition[]>;
}

/** A topic and its cluster, which distinguishes it from topics of the same name elsewhere. */
export interface TopicName {
  /** Kafka's id of the cluster. */
  readonly clusterId: string;
  /** The name of the topic. */
  readonly topic: string;
  /**
   * Kafka's id of the topic, which a later topic of the same name does not have; null before 2.8.
   */
  readonly kafkaId: string | null;
}

/** Commands for people to change what is stored, for hints. */
export interface Advice {
  /** Returns a command that deletes everything stored of a topic. */
  readonly dropTopic: (topicId: number) => string;
  /** Returns a command that makes a partition continue at `next`. */
  readonly skipTo: (topicId: number, partition: number, next: bigint) => string;
}

/** {@linkcode Advice} for SQL databases. */
export const SQL_ADVICE: Advice = {
  dropTopic: (topicId) =>
    ["edits", "bad_records", "positions", "topics"]
      .map((table) => `DELETE FROM ${table} WHERE topic_id = ${topicId}`).join("; "),
  skipTo: (topicId, partition, next) =>
    `UPDATE positions SET next_offset = ${next} WHERE topic_id = ${topicId} AND partition = ${partition}`,
};

/**
 * Checks that two topics of the same name are the same topic.
 *
 * @param stored The topic in the database.
 * @throws {UserError} if Kafka's ids differ; either may be unknown.
 */
export function checkSameTopic(
  { topic, kafkaId }: TopicName,
  stored: { readonly topicId: number; readonly kafkaId: string | null },
  { dropTopic }: Advice,
): void {
  if (kafkaId === null || stored.kafkaId === null || kafkaId === stored.kafkaId) return;
  throw new UserError(
    `Cannot store the topic '${topic}': it was deleted and created again since it was stored: its id is ${kafkaId}, expected ${stored.kafkaId}`,
    {
      hint: "Choose another --database, or delete what is stored of the old one: " +
        dropTopic(stored.topicId),
    },
  );
}

/** The request to hold a partition. */
export interface ClaimRequest {
  /** The topic's number in this database. */
  readonly topicId: number;
  /** The number of the partition. */
  readonly partition: number;
  /** The consumer group that reads it. */
  readonly group: string;
  /** The offset to begin at if none is stored. */
  readonly first: bigint;
}

/** A partition as a database names it. */
export interface ClaimedPartition {
  /** The topic's number in this database. */
  readonly topicId: number;
  /** The number of the partition. */
  readonly partition: number;
}

/** The right to write a partition, until another member claims it. */
export interface Claim extends ClaimedPartition {
  /** Counts the claims of the partition. */
  readonly epoch: bigint;
  /** The first offset that is not stored. */
  readonly next: bigint;
}

/** Rows, and the partition's offset after them. */
export interface SinkBatch {
  /** The claim to which the write is bound. */
  readonly claim: Claim;
  /** The offset after the last record. */
  readonly next: bigint;
  /** The rows of the records. */
  readonly rows: Rows;
  /**
   * Returns rows of records that follow, for a database that accepts none of the batch: it may try
   * whether it accepts any of these, and may store them, since they come again. Default: none.
   */
  readonly following?: () => Promise<Rows>;
}

/**
 * The claim to continue with; or the group that holds the partition now, if nothing was written.
 */
export type WriteOutcome = Written | { readonly heldBy: string };

/** The result of a batch that was written. */
export interface Written {
  /** The claim to continue with. */
  readonly claim: Claim;
  /** The number of edits that the database itself rejected, now bad records. Default: none. */
  readonly rejected?: number;
}

/** No rows: moves an offset past records without any. */
export const NO_ROWS: Rows = { edits: [], bad: [] };

/** The error if the database cannot be reached or is busy: the same may work later. */
export class SinkUnavailable extends NamedError {}

/**
 * The error if a database accepts no row of a batch, nor one that follows: it seems to be at fault,
 * until it accepts others.
 */
export class AllRejected extends SinkUnavailable {}

/** The reason if a database's tables have other columns, or are missing. */
export const NOT_OURS = "its tables were not created by wikitap";

/** The stored position of a partition, read after a write that did not match it. */
export interface StoredPosition {
  /** The first offset that is not stored. */
  readonly next: bigint;
  /** The number of the current claim. */
  readonly epoch: bigint;
  /** The consumer group of its holder. */
  readonly group: string;
}

/**
 * Distinguishes a lost claim from a write that was done before, and whose confirmation was lost. In
 * the latter case the offset is the intended one, under the same claim.
 */
export function outcomeOf(
  { claim, next }: SinkBatch,
  stored: StoredPosition | undefined,
): WriteOutcome {
  const isOwn = stored?.epoch === claim.epoch && stored.next === next;
  return isOwn ? { claim: { ...claim, next } } : { heldBy: stored?.group ?? "" };
}
