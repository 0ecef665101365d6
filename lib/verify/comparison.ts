import { murmur2 } from "../kafka/wire/murmur2.ts";
import type { ProducerRecord } from "../shared/producer_record.ts";
import { ExpectedRecords, Match, NO_KEY } from "./expected_records.ts";
import { differences, type Leftover, Leftovers } from "./leftovers.ts";
import { RecordHasher, type RecordHeaders } from "./record_hash.ts";
import { type Example, note, type VerifyReport } from "./report.ts";
import { bodyOf, identityOf } from "../edits/message/record_value.ts";
import { canonicalValue } from "./values.ts";

/** The header of records that `--repair` has published; its value is the time of the repair. */
export const REPAIRED_HEADER = "wikitap-repaired";

/** The compared parts of a record in the topic. */
export interface FoundRecord {
  /** The bytes of the key. */
  readonly key: Uint8Array | null;
  /** The bytes of the value. */
  readonly value: Uint8Array | null;
  /** In decimal digits. */
  readonly offset: string;
  /** ms since 1970, in decimal digits. */
  readonly timestamp: string;
  /** All headers. */
  readonly headers: RecordHeaders;
}

/** The facts of a topic that the comparison uses. */
export interface ComparedTopic {
  /** The name of the topic. */
  readonly topic: string;
  /** The number of its partitions. */
  readonly partitions: number;
  /** Whether the broker sets the times of the records (`message.timestamp.type`). */
  readonly hasAppendTimes: boolean;
}

/** Options of a {@linkcode Comparison}. */
export interface ComparisonOptions {
  /** The start of the span, ms since 1970. */
  readonly since: number;
  /** The end of the span, ms since 1970; `Infinity` for none. */
  readonly until: number;
  /** The names of the fields of the values, in their order, if they are known. */
  readonly fieldNames?: readonly string[] | undefined;
  /** For tests. Default: random. */
  readonly seed?: number;
}

/** The number of sampled records that show whether timestamps are the times of the edits. */
const SAMPLE = 1000;

/**
 * Compares the records that a topic should have with those that it has. First all expected records
 * are added, then those of the topic, in the order of each partition. It reads nothing itself.
 */
export class Comparison {
  /** The records that the topic should have. */
  readonly expected: ExpectedRecords;
  /** The records that are not expected. */
  readonly leftovers = new Leftovers();
  /** The time of the source's first event, ms since 1970: earlier records are not verifiable. */
  sourceBegin = -Infinity;
  readonly #options: ComparisonOptions;
  #until: number;
  readonly #report: VerifyReport;
  readonly #hasher: RecordHasher;
  #topic: ComparedTopic | undefined;
  /** The numbers of sampled records whose timestamp is the time of the edit, or another time. */
  #sampled = 0;
  #edited = 0;
  #produced = 0;

  /** @param report Receives the counts. */
  constructor(options: ComparisonOptions, report: VerifyReport) {
    this.#options = options;
    this.#until = options.until;
    this.#report = report;
    this.#hasher = new RecordHasher(options.seed);
    this.expected = new ExpectedRecords(options.since);
  }

  /**
   * Adds a record that a topic should have, if it is within the span.
   *
   * @param log The number of its upstream log, from 0.
   * @returns Whether it is within the span.
   */
  expect(record: ProducerRecord, log: number): boolean {
    const { key, timestamp: time } = record;
    if (!this.#isWithin(time)) return false;
    this.#hasher.hash(record);
    this.expected.add(this.#hasher, { key: key === null ? NO_KEY : murmur2(key), log, time });
    return true;
  }

  /** Moves the end of the span to an earlier time, before the records of a topic are taken. */
  endAt(until: number): void {
    this.#until = until;
    this.expected.removeFrom(until);
  }

  /** Begins the records of a topic. */
  beginTopic(topic: ComparedTopic): void {
    this.#topic = topic;
    this.#sampled = 0;
    this.#edited = 0;
    this.#produced = 0;
    this.expected.beginTopic();
  }

  /** Whether the timestamps of the records are the times of the edits, by the records so far. */
  get hasEditTimes(): boolean {
    return !this.#topic!.hasAppendTimes && this.#produced <= this.#edited;
  }

  /**
   * Returns the times by which a record of the topic can be found: its timestamp and, unless that
   * is certainly the time of the edit, the time in its value. `undefined` if it may have any time.
   */
  timesOf({ timestamp, value }: Pick<FoundRecord, "timestamp" | "value">): number[] | undefined {
    if (this.hasEditTimes && this.#sampled === SAMPLE) return [Number(timestamp)];
    const { time } = identityOf(bodyOf(value));
    return time === undefined ? undefined : [Number(timestamp), time];
  }

  /** Adds a record of the topic. */
  take(partition: number, record: FoundRecord): void {
    const timestamp = Number(record.timestamp);
    const isSampled = this.#sampled < SAMPLE;
    if (!isSampled && this.hasEditTimes && !this.#isWithin(timestamp)) return;
    const { key, value, headers: { [REPAIRED_HEADER]: repaired, ...headers } } = record;
    const { topic } = this.#topic!;
    const offset = Number(record.offset);
    const found: Leftover = { topic, partition, offset, timestamp, key, value, headers };
    if (isSampled && !this.#sample(found)) return;
    const entry = this.#find(found);
    if (entry >= 0) this.#judge(entry, found, repaired !== undefined);
    else if (entry === Match.repeated) note(this.#report, "duplicated", () => exampleOf(found));
    else this.#takeUnexpected(found);
  }

  /**
   * Takes an expected record again, and determines its outcome if it was not found.
   *
   * @returns Whether it is missing and nothing else was found in its place.
   */
  explain(record: ProducerRecord): boolean {
    if (!this.#isWithin(record.timestamp)) return false;
    this.#hasher.hash(record);
    if (this.expected.find(this.#hasher, record.timestamp) < 0) return false;
    const found = this.leftovers.take(record);
    if (found === undefined) return true;
    const fields = differences(record, found, this.hasEditTimes);
    note(this.#report, "different", () => ({ ...exampleOf(found), fields }));
    return false;
  }

  #find(found: Leftover): number {
    const time = this.hasEditTimes ? found.timestamp : undefined;
    this.#hasher.hash(found);
    const entry = this.expected.find(this.#hasher, time);
    if (entry !== Match.none) return entry;
    const json = bodyOf(found.value);
    if (json === undefined) return entry;
    this.#hasher.hash({ ...found, value: canonicalValue(json, this.#options.fieldNames) });
    return this.expected.find(this.#hasher, time);
  }

  /** Checks the time, the partition and the order of an expected record. */
  #judge(entry: number, found: Leftover, isRepaired: boolean): void {
    const { key, partition, timestamp } = found;
    if (this.hasEditTimes && !this.expected.isAt(entry, timestamp)) {
      const fields = ["record timestamp"];
      return note(this.#report, "different", () => ({ ...exampleOf(found), fields }));
    }
    this.#report.found++;
    const isMisplaced = key !== null && murmur2(key) % this.#topic!.partitions !== partition;
    if (isMisplaced) note(this.#report, "wrongPartition", () => exampleOf(found));
    // A repaired record comes after later edits of its page.
    if (isRepaired) this.#report.repaired++;
    else if (this.expected.isLate(entry, isMisplaced ? partition : undefined)) {
      note(this.#report, "outOfOrder", () => exampleOf(found));
    }
  }

  /**
   * Samples one of the first records, to learn whether timestamps are the times of the edits.
   *
   * @returns Whether it may belong to the span.
   */
  #sample({ value, timestamp }: Leftover): boolean {
    this.#sampled++;
    const { time } = identityOf(bodyOf(value));
    if (time === timestamp) this.#edited++;
    else if (time !== undefined) this.#produced++;
    return time === undefined && this.#topic!.hasAppendTimes || this.#isWithin(time ?? timestamp);
  }

  /** Adds a record that is not expected, if it belongs to the span. */
  #takeUnexpected(found: Leftover): void {
    const isTime = this.hasEditTimes && this.#isWithin(found.timestamp);
    const { time = -1 } = isTime ? { time: found.timestamp } : identityOf(bodyOf(found.value));
    if (!this.#isWithin(time)) return;
    if (time < this.sourceBegin) this.#report.unverifiable.olderThanSource++;
    else this.leftovers.add(found);
  }

  #isWithin(time: number): boolean {
    return time >= this.#options.since && time < this.#until;
  }
}

/** Describes a record for the report. Its title is from the value, or else the key. */
export function exampleOf(
  { topic, partition, offset, timestamp, key, value }:
    & Pick<Leftover, "topic" | "timestamp" | "key" | "value">
    & Pick<Example, "partition" | "offset">,
): Example {
  const { time = timestamp, domain = null, title } = identityOf(bodyOf(value));
  const keyText = key === null ? null : decoder.decode(key);
  return { time, domain, title: title ?? keyText, topic, partition, offset };
}

const decoder = new TextDecoder();
