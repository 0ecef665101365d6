import { SpanReader } from "../kafka/consume/direct/span_reader.ts";
import { TimeMap } from "../kafka/consume/direct/time_map.ts";
import { encodedBytes } from "../kafka/publish/send/chunks.ts";
import { recordOf } from "../produce/record_of.ts";
import { RejectedEvent } from "../upstream/parse/event.ts";
import { Comparison, type FoundRecord } from "./comparison.ts";
import { type MissingContext, type MissingRecords, reject } from "./missing.ts";
import type { VerifyOptions, VerifyProgress } from "./options.ts";
import { type ProducerProgress, waitForProducer } from "./producer.ts";
import type { VerifyReport } from "./report.ts";
import { EDGE_MS, readSource, type SourceFacts, stopped } from "./source.ts";
import { type TopicFacts, topicFacts } from "./topics.ts";

/** The default of `maxRecords`, whose hashes take 35 MB. */
const MAX_RECORDS = 1_000_000;
/** The default of `patienceMs`. */
const PATIENCE_MS = 30_000;
/** The number of events of the source from one report of progress to the next. */
const PROGRESS_EVERY = 1000;

/** The number of segments of a piece whose positions in a partition are known. */
const SEGMENTS = 1000;

/** The state that the pieces of a span share. */
export interface Whole {
  /** Receives the counts. */
  readonly report: VerifyReport;
  /** Classifies missing records, and keeps the lost ones. */
  readonly missing: MissingRecords;
  /** The positions of later pieces' records, by topic, from the first piece's full read. */
  readonly times: Map<string, TimeMap>;
}

/** A part of the span that is compared at once. */
export class Piece {
  readonly #options: VerifyOptions;
  readonly #whole: Whole;
  readonly #report: VerifyReport;
  readonly #comparison: Comparison;
  readonly #topics = new Map<string, MissingContext["topic"]>();
  #until: number;
  #calls = 0;

  /** Creates the piece that begins with its span, and ends with it or earlier. */
  constructor(options: VerifyOptions, whole: Whole) {
    this.#options = options;
    this.#whole = whole;
    this.#report = whole.report;
    this.#comparison = new Comparison(options, this.#report);
    this.#until = options.until;
    for (const topic of options.topics ?? []) this.#topics.set(topic, undefined);
  }

  /**
   * Compares the span.
   *
   * @returns The end of the piece: earlier than that of the span if it has too many records.
   */
  async verify(): Promise<number> {
    const facts = await this.#readSource();
    const { expected, leftovers } = this.#comparison;
    this.#report.expected += expected.size;
    const producer = await this.#waitForProducer(facts);
    await this.#readTopics();
    if (expected.missing > 0) await this.#explain(producer);
    this.#whole.missing.takeRest(leftovers);
    return this.#until;
  }

  /** Adds the records of the source; ends the piece early if they are too many. */
  async #readSource(): Promise<SourceFacts> {
    const { maxRecords = MAX_RECORDS, since, transform } = this.#options;
    const { expected } = this.#comparison;
    let limit = maxRecords;
    let time = since;
    const facts = await readSource(this.#options, (received, log, { endAt }) => {
      time = received.timestamp ?? time;
      this.#progress("reading the source", (time - since) / (this.#until - since), expected.size);
      const record = recordOf(received, transform);
      if (record instanceof RejectedEvent && time >= since && time < this.#until) {
        reject(this.#report, record.message);
      }
      if (typeof record === "string" || record instanceof RejectedEvent) return;
      if (!this.#topics.has(record.topic)) this.#topics.set(record.topic, undefined);
      const isExpected = this.#comparison.expect(record, log);
      if (!isExpected || expected.size < limit || record.timestamp <= since) return;
      this.#until = record.timestamp;
      this.#comparison.endAt(this.#until);
      endAt(this.#until);
      // Leaves a margin: each cut goes through all records, and some earlier records still follow.
      limit = Math.max(maxRecords, expected.size) + Math.ceil(maxRecords / 8);
    });
    const { first = this.#until, missing } = facts;
    this.#comparison.sourceBegin = first;
    if (first > since + EDGE_MS) {
      const begin = new Date(first).toISOString();
      this.#report.notes.add(
        `The source has no events before ${begin}: losses before that cannot be detected`,
      );
    }
    if (missing > 0) {
      this.#report.notes.add("The source has gaps in its offsets: events are missing");
    }
    return facts;
  }

  async #waitForProducer({ last }: SourceFacts): Promise<ProducerProgress | undefined> {
    const { place, cluster, stop, patienceMs = PATIENCE_MS } = this.#options;
    if (place === undefined) return undefined;
    const progress = await waitForProducer({
      cluster,
      place,
      last,
      patienceMs,
      stop,
      onProgress: (part) => this.#progress("waiting for the producer", part, 0, { isRare: true }),
    });
    if (stop.aborted) throw stopped();
    const { notes } = this.#report;
    if (progress === undefined) {
      notes.add(
        `The producer '${place.group}' has no saved position: records that it has not reached yet count as lost`,
      );
    } else if (!progress.isComplete) {
      notes.add(
        `The producer '${place.group}' is behind the end of the span, and its position does not move`,
      );
    }
    return progress;
  }

  async #readTopics(): Promise<void> {
    const { cluster, since, topics } = this.#options;
    const found = await topicFacts(cluster, [...this.#topics.keys()]);
    if (found.length === 0 && topics?.length === 1) {
      // Throws an error that shows how to create it.
      await using _reader = await SpanReader.open(cluster, topics[0]!, since);
    }
    for (const facts of found) await this.#readTopic(facts);
    for (const [topic, facts] of this.#topics) {
      if (facts === undefined) this.#report.notes.add(`The topic '${topic}' does not exist`);
    }
  }

  async #readTopic(facts: TopicFacts): Promise<void> {
    const { cluster, since, stop } = this.#options;
    const { topic, maxBytes } = facts;
    // The clocks of brokers and other producers may be behind.
    await using reader = await SpanReader.open(cluster, topic, Math.max(0, since - EDGE_MS));
    this.#comparison.beginTopic(facts);
    const { found: foundBefore } = this.#report;
    const known = this.#whole.times.get(topic);
    const times = this.#until < this.#report.until ? known ?? this.#newTimes(topic) : undefined;
    const unread = await reader.read({
      signal: stop,
      patienceMs: this.#options.patienceMs,
      ranges: known && ((partition) => known.find(partition, since, this.#until)),
      handle: (partition, records) => {
        for (const record of records) {
          this.#comparison.take(partition, record);
          times?.note(partition, Number(record.offset), this.#timesOf(record));
        }
      },
      onProgress: (part) =>
        this.#progress("reading the topic", part, this.#report.found - foundBefore, {
          isRare: true,
        }),
    });
    if (stop.aborted) throw stopped();
    this.#topics.set(topic, {
      partitions: facts.partitions,
      maxBytes,
      deletedBefore: reader.deletedBefore,
      open: new Set(unread),
    });
    this.#noteTopic(topic);
  }

  /** Limits the times of a record to the whole span, since some upstream edits seem years old. */
  #timesOf(record: FoundRecord): number[] {
    const { since, until } = this.#report;
    const times = this.#comparison.timesOf(record) ?? [since, until - 1];
    return times.filter((time) => time >= since && time < until);
  }

  #newTimes(topic: string): TimeMap {
    const { maxRecords = MAX_RECORDS } = this.#options;
    const times = new TimeMap(Math.ceil(maxRecords / SEGMENTS));
    this.#whole.times.set(topic, times);
    return times;
  }

  #noteTopic(topic: string): void {
    const { notes } = this.#report;
    const { deletedBefore, open } = this.#topics.get(topic)!;
    const deleted = Math.max(...deletedBefore.values());
    if (deleted > this.#options.since) {
      const until = deleted === Infinity
        ? "all of the span"
        : `until ${new Date(deleted).toISOString()}`;
      notes.add(`Retention has deleted records of '${topic}': ${until} is not verifiable`);
    }
    if (open.size > 0) {
      notes.add(
        `A transaction is open in '${topic}': the ends of the partitions ${
          [...open].join(", ")
        } are not verifiable`,
      );
    }
    if (!this.#comparison.hasEditTimes) {
      notes.add(
        `The timestamps of the records in '${topic}' are not the times of the edits, so they were not compared`,
      );
    }
  }

  /** Reads the source again, to determine the missing records. */
  async #explain(producer: ProducerProgress | undefined): Promise<void> {
    const { since, transform } = this.#options;
    const until = this.#until;
    let time = since;
    let count = 0;
    await readSource({ ...this.#options, until }, (received) => {
      time = received.timestamp ?? time;
      this.#progress("reading the source again", (time - since) / (until - since), count);
      const record = recordOf(received, transform);
      if (typeof record === "string" || record instanceof RejectedEvent) return;
      if (!this.#comparison.explain(record)) return;
      count++;
      const { key, offset = Infinity, timestamp = record.timestamp } = received;
      this.#whole.missing.judge(record, {
        isHandled: producer?.hasHandled(key, { offset, timestamp }) ?? true,
        topic: this.#topics.get(record.topic),
        bytes: encodedBytes(record),
      });
    });
  }

  #progress(
    phase: VerifyProgress["phase"],
    part: number,
    records: number,
    { isRare = false } = {},
  ): void {
    this.#calls++;
    if (!isRare && this.#calls % PROGRESS_EVERY !== 0) return;
    this.#options.onProgress?.({ phase, part: Math.min(1, Math.max(0, part)), records });
  }
}
