import { UserError } from "../shared/error.ts";
import type { Rows } from "./rows.ts";

/**
 * A database that keeps rows together with the offsets they came from: what is written is written
 * with its offset or not at all, and only by who holds the partition.
 */
export interface Sink extends AsyncDisposable {
  /** Made when the database was; no two have the same. */
  readonly databaseId: string;
  /** How many batches at once pay off. */
  readonly concurrency: number;

  /** What to do if what is stored and what Kafka has do not fit. */
  readonly advice: Advice;

  /**
   * Adds the topic, unless it is there, and returns its number in this database.
   *
   * @throws {UserError} if the topic that is there is an older one of the same name.
   */
  addTopic(topic: TopicName): Promise<number>;

  /** Makes the caller the holder of a partition; whoever held it before can write no more. */
  claim(wanted: Wanted): Promise<Claim>;

  /**
   * Accepts the rows of the records from `claim.next` up to `next` and moves the offset to `next`,
   * if the claim still stands. Rows that are there already stay as they are.
   */
  write(batch: SinkBatch): Promise<Outcome>;

  /**
   * Makes durable what `write()` has accepted; a sink that writes at once has nothing to do. What
   * was accepted and not flushed is not stored: the next claim goes on before it.
   *
   * @param options.onlyDue Only what has waited long enough. Default `false`: all.
   */
  flush(options?: { readonly onlyDue?: boolean }): Promise<void>;
}

/** A topic, told from one of the same name on another cluster. */
export interface TopicName {
  readonly clusterId: string;
  readonly topic: string;
  /** Kafka's own id, which a topic of the same name made later does not have; null before 2.8. */
  readonly kafkaId: string | null;
}

/** What a person does to what is stored; told in hints. */
export interface Advice {
  /** Drops all that is stored of a topic. */
  readonly dropTopic: (topicId: number) => string;
  /** Goes on at `next` in a partition. */
  readonly skipTo: (topicId: number, partition: number, next: bigint) => string;
}

/** {@linkcode Advice} for databases. */
export const SQL_ADVICE: Advice = {
  dropTopic: (topicId) =>
    ["edits", "bad_records", "positions", "topics"]
      .map((table) => `DELETE FROM ${table} WHERE topic_id = ${topicId}`).join("; "),
  skipTo: (topicId, partition, next) =>
    `UPDATE positions SET next_offset = ${next} WHERE topic_id = ${topicId} AND partition = ${partition}`,
};

/**
 * Refuses to mix two topics of the same name.
 *
 * @param stored The topic that is there.
 * @throws {UserError} if Kafka's ids differ; either may be unknown.
 */
export function checkSameTopic(
  { topic, kafkaId }: TopicName,
  stored: { readonly topicId: number; readonly kafkaId: string | null },
  { dropTopic }: Advice,
): void {
  if (kafkaId === null || stored.kafkaId === null || kafkaId === stored.kafkaId) return;
  throw new UserError(
    `The topic '${topic}' was deleted and created again since it was stored: its id is ${kafkaId}, expected ${stored.kafkaId}`,
    {
      hint: "Give another --database, or drop what is stored of the old one: " +
        dropTopic(stored.topicId),
    },
  );
}

/** A partition that somebody wants to hold. */
export interface Wanted {
  readonly topicId: number;
  readonly partition: number;
  /** The consumer group that reads it. */
  readonly group: string;
  /** The offset to begin at where none is stored. */
  readonly first: bigint;
}

/** The right to write a partition, as long as nobody else claims it. */
export interface Claim {
  readonly topicId: number;
  readonly partition: number;
  /** Counts the claims of the partition. */
  readonly epoch: bigint;
  /** The first offset that is not stored. */
  readonly next: bigint;
}

/** Rows, and where the partition stands after them. */
export interface SinkBatch {
  readonly claim: Claim;
  readonly next: bigint;
  readonly rows: Rows;
}

/** The claim to go on with; or the group that holds the partition now, and nothing was written. */
export type Outcome = Written | { readonly heldBy: string };

/** A batch was written. */
export interface Written {
  readonly claim: Claim;
  /** How many of its edits the database itself rejected; they are put aside. Default: none. */
  readonly rejected?: number;
}

/** No rows: for moving an offset past what holds none. */
export const NO_ROWS: Rows = { edits: [], bad: [] };

/** The database cannot be reached or is busy, and the same may work later. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}

/** What is wrong with a database in which tables have other columns, or are missing. */
export const NOT_OURS = "its tables are not those of wikitap";

/** What the row of a partition says after a write that found another claim than its own. */
export interface StoredPosition {
  readonly next: bigint;
  readonly epoch: bigint;
  readonly group: string;
}

/**
 * Tells a claim that is lost from a write that was done before, and whose confirmation was lost on
 * the way: then the offset stands where it was to be moved, under the same claim.
 */
export function outcomeOf({ claim, next }: SinkBatch, stored: StoredPosition | undefined): Outcome {
  const isOwn = stored?.epoch === claim.epoch && stored.next === next;
  return isOwn ? { claim: { ...claim, next } } : { heldBy: stored?.group ?? "" };
}
