// Decides whether rejected records are at fault themselves, or show a condition.
import { type Chunk, encodedBytes, halves, type TopicLimits } from "./send/chunks.ts";
import type { ProducerRecord } from "../../shared/producer_record.ts";
import type { RejectedRecord } from "./publisher.ts";
import { NamedError, UserError } from "../../shared/error.ts";
import type { ChunkRejection, ChunksRejected } from "./send/send.ts";

/** A record that a broker rejected, alone in its chunk or by name. */
export interface Rejected extends RejectedRecord {
  /** The broker's reason in its own words; null if there is none. */
  readonly detail: string | null;
}

/** The results of one attempt. */
export interface Findings {
  /** Chunks to try again. Those that were rejected without a known culprit are split in halves. */
  readonly chunks: readonly Chunk[];
  /** Records that are known to be rejected; they are still in `chunks`. */
  readonly rejected: readonly Rejected[];
  /** Records that were accepted, or were not to blame. */
  readonly accepted: readonly ProducerRecord[];
  /** Whether each record of every rejected chunk is in one of the two lists. */
  readonly isComplete: boolean;
}

/** Classifies the records of an attempt. */
export function findingsOf(chunks: readonly Chunk[], error: ChunksRejected): Findings {
  const rejected: Rejected[] = [];
  const accepted: ProducerRecord[] = [];
  let isComplete = true;
  const placeOf = ({ topic, partition }: Chunk) => `${topic}/${partition}`;
  /** Partitions in which the rejected record is not known. */
  const unclear = new Set<string>();
  const next = chunks.flatMap((chunk) => {
    if (error.accepted.has(chunk)) {
      accepted.push(...chunk.records);
      return error.areKept ? [] : [chunk];
    }
    const rejection = error.rejections.get(chunk);
    // Not sent yet; the cause of the previous chunk's rejection may well be in this one too.
    if (rejection === undefined) {
      return unclear.has(placeOf(chunk)) && chunk.records.length > 1 ? halves(chunk) : [chunk];
    }
    const culprits = culpritsOf(chunk, rejection);
    if (culprits === undefined) {
      isComplete = false;
      unclear.add(placeOf(chunk));
      return halves(chunk);
    }
    rejected.push(...culprits);
    const guilty = new Set(culprits.map(({ record }) => record));
    accepted.push(...chunk.records.filter((record) => !guilty.has(record)));
    return [chunk];
  });
  return { chunks: next, rejected, accepted, isComplete };
}

/** Returns the records that made a broker reject a chunk, if they are known. */
function culpritsOf(
  { records }: Chunk,
  { type, recordErrors }: ChunkRejection,
): Rejected[] | undefined {
  const named = recordErrors.flatMap(({ index, message }) => {
    const record = records[index];
    return record === undefined ? [] : [{ record, reason: type, detail: message }];
  });
  if (named.length > 0) return named;
  if (records.length > 1) return undefined;
  return [{ record: records[0]!, reason: type, detail: null }];
}

/**
 * How far ahead of the newest accepted record a timestamp must be to be wrong by itself, in ms.
 * Closer ones are rejected because the broker's clock is late: the next records will be as well.
 */
const STANDS_OUT_MS = 600_000;

/**
 * Decides whether rejections of a topic are a condition: something that is wrong with the topic,
 * the broker or the whole stream. Records are at fault themselves only if both hold:
 *
 * 1. The topic accepts more records of the batch than it rejects. Records that it accepted before
 * count as well, but only for INVALID_RECORD of records with a key: times, limits and cleanup
 * policies can change between two batches. 2. A timestamp that is rejected as too late is at least
 * 10 min after every accepted one.
 *
 * The producer waits for the end of a condition. A record at fault becomes a dead letter. So a
 * wrong clock, a new `cleanup.policy` or a lower `max.message.bytes` loses nothing.
 *
 * @param before Records that the topic accepted since it rejected one, as `Acceptances` counts
 * them.
 */
export function isCondition(
  rejected: readonly Pick<Rejected, "record" | "reason">[],
  accepted: readonly Pick<ProducerRecord, "timestamp">[],
  before = 0,
): boolean {
  const doesCount = rejected.every(({ record, reason }) =>
    reason === "INVALID_RECORD" && record.key !== null
  );
  if (rejected.length >= accepted.length + (doesCount ? before : 0)) return true;
  const newest = accepted.reduce((latest, { timestamp }) => Math.max(latest, timestamp), -Infinity);
  return rejected.some(({ record, reason }) => {
    const ahead = record.timestamp - newest;
    return reason === "INVALID_TIMESTAMP" && ahead > 0 && ahead < STANDS_OUT_MS;
  });
}

/**
 * How far a timestamp must be from the time that the stream has reached to be wrong by itself, in
 * ms: a year. EventStreams keeps events for 31 days at most.
 */
const FAR_MS = 365 * 86_400_000;
/**
 * A `max.message.bytes` below this is a condition, since it may reject ordinary records; in bytes.
 * Edits have 1 to 5 KB.
 */
const ORDINARY_BYTES = 64 * 1024;

/**
 * Returns whether a record shows by itself that it is at fault, so that it need not wait for others
 * to be compared with: it is larger than a limit that fits every ordinary record, or its timestamp
 * is more than a year from the time that the stream has reached.
 *
 * @param reached In ms since 1970; `undefined` if it is not known.
 */
export function isAtFault(
  { record, reason }: Pick<Rejected, "record" | "reason">,
  { maxBytes }: Pick<TopicLimits, "maxBytes">,
  reached: number | undefined,
): boolean {
  if (reason === "INVALID_TIMESTAMP") {
    return reached !== undefined && Math.abs(record.timestamp - reached) > FAR_MS;
  }
  const isLarge = reason.endsWith("_TOO_LARGE");
  return isLarge && maxBytes >= ORDINARY_BYTES && encodedBytes(record) > maxBytes;
}

/** Records in a row that a topic may reject by themselves, after as many that it accepted. */
const MAX_BEFORE = 10;
/** Records that a topic may reject because of `isAtFault()` until it accepts one. */
const MAX_AT_FAULT = 10;

/** Counts the records that each topic accepted, up to 10, less those that it rejected. */
export class Acceptances {
  readonly #counts = new Map<string, number>();
  /** Records that each topic rejected since it accepted one. */
  readonly #inRow = new Map<string, number>();

  /** Returns the count of a topic. */
  of(topic: string): number {
    return this.#counts.get(topic) ?? 0;
  }

  /** Returns whether a topic may reject `count` more records that are at fault by themselves. */
  mayReject(topic: string, count: number): boolean {
    return (this.#inRow.get(topic) ?? 0) + count <= MAX_AT_FAULT;
  }

  /** Counts a published part: its records, and the rejected ones among them. */
  note(records: readonly ProducerRecord[], rejected: readonly RejectedRecord[]): void {
    const add = (topic: string, count: number) =>
      this.#counts.set(topic, Math.min(Math.max(this.of(topic) + count, 0), MAX_BEFORE));
    for (const [topic, of] of Map.groupBy(records, ({ topic }) => topic)) {
      const count = rejected.filter(({ record }) => record.topic === topic).length;
      this.#inRow.set(topic, of.length > count ? 0 : (this.#inRow.get(topic) ?? 0) + count);
      add(topic, of.length);
    }
    for (const { record: { topic } } of rejected) add(topic, -2);
  }
}

/** The default time that the last batch may be rejected, in ms. */
const LAST_BATCH_TIMEOUT = 60_000;

/** Counts consecutive rejected attempts, and bounds those of the last batch. */
export class RejectedAttempts {
  #count = 0;
  #lastSince: number | undefined;

  /**
   * Creates it before the first attempt.
   *
   * @param timeout How long the last batch may be rejected, in ms (default 60,000).
   * @param now Returns the time in ms (default: monotonic).
   */
  constructor(
    readonly timeout = LAST_BATCH_TIMEOUT,
    readonly now: () => number = () => performance.now(),
  ) {}

  /** The number of consecutive rejected attempts. */
  get count(): number {
    return this.#count;
  }

  /**
   * Counts a rejected attempt.
   *
   * @param isLast Whether nothing follows the batch: `Batch.isLast`.
   * @returns Whether to give up: nothing will show whether the records or the topic are at fault.
   */
  note(isLast = false): boolean {
    this.#count++;
    if (!isLast) return false;
    this.#lastSince ??= this.now();
    return this.now() - this.#lastSince >= this.timeout;
  }

  /** Begins again after a batch that was published. */
  end(): void {
    this.#count = 0;
    this.#lastSince = undefined;
  }
}

/**
 * The error if a topic rejects the last batch, and nothing shows whether the records are at fault.
 */
export class LastBatchRejected extends UserError {
  /** Creates it for a condition; see {@linkcode conditionText}. */
  constructor(condition: string) {
    super(`${condition}; the position is not advanced`, {
      hint: "Correct the topic's settings or the clock, and start again. If only these records " +
        "are wrong, start again without --until or --events-to-produce: they are rejected once " +
        "the topic accepts most of the records around them",
    });
  }
}

/** The error if a topic rejects most of a batch: none of its records may be dropped. */
export class TopicRejects extends NamedError {
  constructor(readonly topic: string, readonly rejected: readonly Rejected[]) {
    super(`Cannot publish to the topic '${topic}': it rejects ${rejected.length} records`);
  }
}

/** Parses the times that a broker accepts, in ms, in its error text for a record. */
export function acceptedTimes(detail: string | null): { min: number; max: number } | undefined {
  const [, min, max] = /should be within \[(-?\d+), (-?\d+)\]/.exec(detail ?? "") ?? [];
  return min === undefined ? undefined : { min: Number(min), max: Number(max) };
}

/**
 * Describes why a topic rejects most of a batch.
 *
 * @param afterMaxMs The topic's `message.timestamp.after.max.ms`, which reveals the broker's clock;
 * `undefined` without the permission to read it.
 * @param now This machine's time, in ms since 1970.
 */
export function conditionText(
  { topic, rejected }: TopicRejects,
  { afterMaxMs, now = Date.now() }: { afterMaxMs?: number | undefined; now?: number } = {},
): string {
  const { reason, detail } = rejected[0]!;
  const times = rejected.map(({ record }) => record.timestamp);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const records = rejected.length === 1 ? "a record" : `${rejected.length} records`;
  const what = `Cannot publish ${records} to the topic '${topic}'`;
  if (reason === "INVALID_TIMESTAMP") {
    const bounds = acceptedTimes(detail);
    const span = times.length === 1
      ? `its timestamp is ${utc(first)}`
      : `their timestamps are ${utc(first)} to ${utc(last)}`;
    if (bounds === undefined) return `${what}: ${span}; this machine's clock ${utc(now)}`;
    const [limit, config] = last > bounds.max
      ? [`at most ${utc(bounds.max)}`, "after"]
      : [`at least ${utc(bounds.min)}`, "before"];
    const clock = afterMaxMs === undefined
      ? ""
      : `the broker's clock ${utc(bounds.max - afterMaxMs)}, `;
    return `${what}: ${span}, expected ${limit} (message.timestamp.${config}.max.ms); ${clock}this machine's clock ${
      utc(now)
    }`;
  }
  if (reason === "INVALID_RECORD") return `${what}: ${detail ?? "Kafka rejects every record"}`;
  const subject = rejected.length === 1 ? "it is" : "every record is";
  return `${what}: ${subject} larger than the topic's max.message.bytes`;
}

function utc(ms: number): string {
  return Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : `${ms}`;
}
