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

  /** Notes the topic, if it is new, and says its number in this database. */
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

/** The claim to go on with; or the group of who holds the partition now, and nothing was written. */
export type Outcome = { readonly claim: Claim } | { readonly heldBy: string };

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
