import { getLogger } from "@logtape/logtape";
import { isCanary, type Outgoing, type Transform } from "./edits/outgoing.ts";
import { UserError } from "./error.ts";
import { formatDuration } from "./duration.ts";
import { Gathering } from "./gathering.ts";
import { DeadLetters } from "./dead_letters.ts";
import { Outcomes } from "./outcomes.ts";
import {
  PublishAborted,
  type Published,
  type Publisher,
  type RefusedRecord,
} from "./kafka/publisher.ts";
import type { OutgoingRecord } from "./kafka/record.ts";
import { BackFill, DISORDER } from "./upstream/back_fill.ts";
import { RefusedEvent } from "./upstream/event.ts";
import { Position, type SavedPosition } from "./upstream/position.ts";
import type { Arrival, EventStream } from "./upstream/stream.ts";

export interface ProduceOptions {
  /** Opens the stream at a position. */
  readonly open: (position: Position, stop: AbortSignal) => EventStream;
  /** Identifies the stream: a position of another one is of no use. */
  readonly stream: string;
  /** Where to begin when nothing is saved, in ms; `undefined`: now. */
  readonly since: number | undefined;
  /** Ends behind the last event of before that time, in ms. */
  readonly until?: number | undefined;
  readonly transform: Transform;
  readonly publisher: Publisher;
  /** The topic for what is refused; without it that is only counted and logged. */
  readonly deadLetterTopic?: string | undefined;
  /** Ends after exactly so many records; dead letters do not count. */
  readonly limit?: number | undefined;
  /** The most records of one batch. */
  readonly batchSize: number;
  /** How long a batch waits for more records, in ms; 0: what gathers while another is in flight. */
  readonly linger: number;
  /** How long a stop may take to publish what is in hand, in ms. */
  readonly shutdownTimeout: number;
  readonly stop: AbortSignal;
  readonly counts: ProduceCounts;
  /** Told of every batch that was published. */
  readonly onPublished?: ((batch: PublishedBatch) => void) | undefined;
}

/** A batch that Kafka has, and what it took. */
export interface PublishedBatch {
  /** Without dead letters; none where only the position was saved. */
  readonly records: readonly OutgoingRecord[];
  /** From the first attempt to the commit, in ms. */
  readonly ms: number;
}

/** Counted since the start, for status line, metrics and the closing summary. */
export interface ProduceCounts {
  /** Events handled, whatever became of them. */
  events: number;
  /** The same by type and by what became of them. */
  readonly outcomes: Outcomes;
  /** Records that wait for Kafka or are on their way there, dead letters too. */
  queued: number;
  /** Records that Kafka took, without dead letters. */
  published: number;
  /** Events and records that were refused, by reason. */
  readonly refused: Map<string, number>;
  deadLetters: number;
  /** When events were handled last, in ms. */
  handledAt: number | undefined;
  /** Where in the stream this run began, in ms. */
  beganAt: number | undefined;
  /** When the last event handled happened, in ms; canaries do not count. */
  lastEventAt: number | undefined;
  /** How far in the stream the saved position is, in ms. */
  savedUpTo: number | undefined;
  /** The parts that count for themselves, once they are there. */
  stream: EventStream["counts"] | undefined;
  publisher: Publisher["counts"] | undefined;
}

export function newCounts(): ProduceCounts {
  return {
    ...{ events: 0, outcomes: new Outcomes(), queued: 0, published: 0 },
    ...{ refused: new Map(), deadLetters: 0, handledAt: undefined },
    ...{ beganAt: undefined, lastEventAt: undefined },
    ...{ savedUpTo: undefined, stream: undefined, publisher: undefined },
  };
}

const log = getLogger(["wikitap", "produce"]);

/** The position is saved this often, in ms, also when the filter lets nothing through. */
const SAVE_EVERY = 2000;
/** Values of one batch, in bytes. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
/** One sample of refused events is logged per reason, and again after this time, in ms. */
const SAMPLE_EVERY = 60_000;
/** Reasons that are counted apart; the others together. */
const MAX_REASONS = 50;

/**
 * The pipeline: events from upstream, through the transform, in batches to Kafka, each batch with
 * the position behind its last event. Natural batching: while one batch is in flight the next one
 * gathers, so a quiet stream is published at once and a fast one in large batches.
 *
 * Returns when `stop` is aborted, the limit is reached or the stream has ended, with everything
 * that was gathered published.
 *
 * @throws {UserError} when the stream or Kafka cannot be used, or what is in hand could not be
 * published within `shutdownTimeout`.
 */
export async function produce(options: ProduceOptions): Promise<void> {
  const { publisher, counts } = options;
  counts.publisher = publisher.counts;
  try {
    const saved = await publisher.open();
    const position = saved === undefined
      ? new Position(options.since ?? Date.now())
      : restore(saved.position, options);
    checkEnd(position, options);
    reportStart(position, saved !== undefined, options);
    counts.beganAt = position.reached;
    await new Pipeline(options, position, saved?.handled ?? 0).run();
  } finally {
    await publisher.close();
  }
}

class Pipeline {
  readonly #options: ProduceOptions;
  readonly #counts: ProduceCounts;
  /** Behind the last event that was handled; what a batch carries. */
  readonly #position: Position;
  #gathering: Gathering<OutgoingRecord>;
  #stream: EventStream | BackFill | undefined;
  /** The stream has come to its end. */
  #isComplete = false;
  #handled: number;
  /** `#handled` as it was saved last, and when; -1: not at all. */
  #saved = -1;
  #savedAt = 0;
  /** Records on their way to Kafka or there, as they count towards the limit. */
  #accepted = 0;
  #inFlight = 0;
  readonly #letters: DeadLetters | undefined;
  /** What records were made of, for the letter that becomes of one that Kafka refuses. */
  readonly #origins = new WeakMap<OutgoingRecord, Arrival>();
  /** When a refusal was shown last, by reason. */
  readonly #sampledAt = new Map<string, number>();

  constructor(options: ProduceOptions, position: Position, handled: number) {
    this.#options = options;
    this.#counts = options.counts;
    this.#position = position;
    this.#handled = handled;
    const { deadLetterTopic } = options;
    this.#letters = deadLetterTopic === undefined ? undefined : new DeadLetters(deadLetterTopic);
    this.#gathering = this.#newGathering();
  }

  async run(): Promise<void> {
    const { stop, shutdownTimeout, limit = Infinity } = this.#options;
    const deadline = delayed(stop, shutdownTimeout);
    const late = Promise.withResolvers<never>();
    late.promise.catch(() => {});
    deadline.signal.addEventListener("abort", () => late.reject(new PublishAborted(this.#inHand)));
    try {
      // Before anything is read, so that a start that is killed before its first edit counts too.
      await Promise.race([this.#publish(deadline.signal), late.promise]);
      while (this.#accepted < limit && !this.#isComplete && !stop.aborted) {
        await Promise.race([this.#readAndPublish(deadline.signal), late.promise]);
      }
    } finally {
      deadline.cancel();
    }
  }

  get #inHand(): number {
    return this.#inFlight + this.#gathering.size;
  }

  /** Until the stream is stopped or enough is read; once more only where Kafka refused some. */
  async #readAndPublish(deadline: AbortSignal): Promise<void> {
    this.#gathering = this.#newGathering();
    const reading = new AbortController();
    const stopReading = () => {
      reading.abort();
      this.#gathering.end();
    };
    const { stop } = this.#options;
    stop.addEventListener("abort", stopReading);
    try {
      const publishing = this.#publishAll(deadline);
      publishing.catch(stopReading);
      // What was gathered before the stream failed is published all the same.
      const ended = await Promise.allSettled([publishing, this.#read(reading.signal)]);
      for (const end of ended) if (end.status === "rejected") throw end.reason;
    } finally {
      stop.removeEventListener("abort", stopReading);
      stopReading();
    }
  }

  async #read(stop: AbortSignal): Promise<void> {
    const stream = this.#stream = this.#open(stop);
    this.#counts.stream = stream.counts;
    try {
      for await (const arrivals of stream) {
        this.#counts.handledAt = Date.now();
        for (const arrival of arrivals) {
          this.#handle(arrival);
          if (this.#accepted === this.#options.limit) return;
          if (this.#gathering.isFull) await this.#gathering.room();
          if (stop.aborted) return;
        }
      }
      this.#isComplete = !stop.aborted;
    } finally {
      this.#gathering.end();
    }
  }

  #open(stop: AbortSignal): EventStream | BackFill {
    const { open, until } = this.#options;
    if (until === undefined) return open(this.#position, stop);
    return new BackFill({ open: (stop) => open(this.#position, stop), until, stop });
  }

  async #publishAll(deadline: AbortSignal): Promise<void> {
    while (true) {
      await this.#gathering.first(this.#savedAt + SAVE_EVERY - Date.now());
      if (this.#gathering.size > 0) await this.#gathering.full(this.#options.linger);
      const isNews = this.#gathering.size > 0 || this.#handled !== this.#saved;
      if (isNews) await this.#publish(deadline);
      else if (this.#gathering.ended) return;
      else this.#savedAt = Date.now();
    }
  }

  /** All that is gathered, with the position behind the last event that was handled. */
  async #publish(deadline: AbortSignal): Promise<void> {
    const records = this.#gathering.take();
    const handled = this.#handled;
    // Also those that have sent nothing yet: a resume asks only for what the position names.
    for (const key of this.#stream?.topicPartitions ?? []) this.#position.know(key);
    const position = { stream: this.#options.stream, ...this.#position.toJSON() };
    const { reached } = this.#position;
    const begun = performance.now();
    this.#inFlight = records.length;
    const published = await this.#options.publisher.publish(
      { records, handled, position, replace: (refused) => this.#replace(refused) },
      deadline,
    );
    this.#inFlight = 0;
    this.#saved = handled;
    this.#savedAt = Date.now();
    this.#counts.savedUpTo = reached;
    this.#countPublished(records, published, performance.now() - begun);
  }

  #countPublished(records: readonly OutgoingRecord[], published: Published, ms: number): void {
    const isLetter = (record: OutgoingRecord) => this.#letters?.has(record) ?? false;
    const refused = published.refused.filter(({ record }) => !isLetter(record));
    const edits = records.filter((record) => !isLetter(record));
    this.#counts.queued -= records.length;
    this.#counts.published += edits.length - refused.length;
    this.#accepted -= refused.length;
    for (const { record, reason } of refused) this.#countRefused(reason, record.value);
    this.#options.onPublished?.({ records: edits, ms });
  }

  /** The dead letter for a record that Kafka does not take, or a shorter one for a letter. */
  #replace({ record, reason }: RefusedRecord): OutgoingRecord | undefined {
    if (this.#letters?.has(record)) return this.#letters.cut(record);
    const origin = this.#origins.get(record);
    return origin === undefined ? undefined : this.#writeLetter(origin, reason);
  }

  #writeLetter(arrival: Arrival, reason: string): OutgoingRecord | undefined {
    if (this.#letters === undefined) return undefined;
    this.#counts.deadLetters++;
    return this.#letters.write(arrival, reason);
  }

  #handle(arrival: Arrival): void {
    const { event } = arrival;
    this.#handled++;
    this.#counts.events++;
    this.#position.advance(arrival);
    if (event === undefined) return this.#refuse(arrival, arrival.refusal ?? "unreadable");
    if (isCanary(event)) return this.#counts.outcomes.count(event, "canary");
    this.#counts.lastEventAt = arrival.timestamp ?? this.#counts.lastEventAt;
    try {
      const record = this.#options.transform(event);
      this.#counts.outcomes.count(event, record === undefined ? "filtered" : "passed");
      if (record !== undefined) this.#accept(record, arrival);
    } catch (error) {
      if (!(error instanceof RefusedEvent)) throw error;
      this.#refuse(arrival, error.message);
    }
  }

  #accept(record: Outgoing, arrival: Arrival): void {
    this.#accepted++;
    if (this.#letters !== undefined) this.#origins.set(record, arrival);
    this.#add(record);
  }

  #add(record: OutgoingRecord): void {
    this.#counts.queued++;
    this.#gathering.add(record);
  }

  #refuse(arrival: Arrival, reason: string): void {
    this.#counts.outcomes.count(arrival.event, "refused");
    this.#countRefused(reason, arrival.data);
    const letter = this.#writeLetter(arrival, reason);
    if (letter !== undefined) this.#add(letter);
  }

  /** Counts by reason, and shows one sample of each, once a minute at the most. */
  #countRefused(reason: string, value: string | Uint8Array): void {
    const { refused } = this.#counts;
    const name = refused.has(reason) || refused.size < MAX_REASONS ? reason : "other reasons";
    const count = (refused.get(name) ?? 0) + 1;
    refused.set(name, count);
    const now = Date.now();
    if (now - (this.#sampledAt.get(name) ?? -Infinity) < SAMPLE_EVERY) return;
    this.#sampledAt.set(name, now);
    log.warn("Refused ({reason}, {count} so far): {sample}", {
      ...{ reason: name, count, sample: sampleOf(value) },
    });
  }

  #newGathering(): Gathering<OutgoingRecord> {
    return new Gathering({
      maxRecords: this.#options.batchSize,
      maxBytes: MAX_BATCH_BYTES,
    });
  }
}

/** The beginning of a value, for people. */
function sampleOf(value: string | Uint8Array): string {
  const text = typeof value === "string" ? value : new TextDecoder().decode(value.subarray(0, 400));
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** A signal that follows another one after `ms`. */
function delayed(signal: AbortSignal, ms: number): { signal: AbortSignal; cancel: () => void } {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const start = () => timer = setTimeout(() => controller.abort(), ms);
  if (signal.aborted) start();
  else signal.addEventListener("abort", start);
  const cancel = () => {
    clearTimeout(timer);
    signal.removeEventListener("abort", start);
  };
  return { signal: controller.signal, cancel };
}

/** @throws {UserError} for a position of another stream, or one that cannot be read. */
function restore(saved: unknown, { stream }: ProduceOptions): Position {
  const hint = "Start anew with --reset-position, or choose another --name";
  const { stream: savedStream, ...position } = (saved ?? {}) as Partial<SavedPosition> & {
    stream?: string;
  };
  if (savedStream !== stream) {
    throw new UserError(
      `The saved position is of the stream '${savedStream}', this one is '${stream}'`,
      { hint },
    );
  }
  try {
    return Position.fromJSON(position);
  } catch (cause) {
    throw new UserError("The saved position cannot be read", { hint, cause });
  }
}

/** @throws {UserError} where all of the stream is behind `until` already. */
function checkEnd({ earliest }: Position, { until }: ProduceOptions): void {
  if (until === undefined || earliest <= until + DISORDER) return;
  const [begin, end] = [earliest, until].map((ms) => new Date(ms).toISOString());
  throw new UserError(`Nothing is left to do: --until is ${end}, and the beginning ${begin}`, {
    hint: "Say where to begin with --since; --reset-position forgets a saved position",
  });
}

/** Where it goes on, how old that is, and how to begin anew. */
function reportStart(position: Position, isSaved: boolean, { since }: ProduceOptions): void {
  const at = new Date(position.reached).toISOString();
  const age = formatDuration(Math.max(0, Date.now() - position.reached));
  if (!isSaved) {
    return log.info("No position to go on from: beginning at {at}, {age} ago", { at, age });
  }
  log.info("Going on at {at}, {age} ago (begin anew: --reset-position)", { at, age });
  if (since !== undefined) log.warn("--since is ignored: there is a saved position");
}
