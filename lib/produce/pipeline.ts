import { type Batch, PublishAborted, type RejectedRecord } from "../kafka/publish/publisher.ts";
import type { ProducerRecord } from "../shared/producer_record.ts";
import type { Progress } from "../kafka/publish/position/saved_position.ts";
import { BackFill } from "../upstream/back_fill.ts";
import { RejectedEvent } from "../upstream/parse/event.ts";
import type { Position } from "../upstream/position/position.ts";
import type { ReceivedEvent } from "../upstream/parse/received_event.ts";
import type { EventStream } from "../upstream/stream.ts";
import type { ProduceCounts } from "./counts.ts";
import {
  type AccumulatedBatch,
  BatchAccumulator,
  joined,
  withoutFirst,
} from "./batch_accumulator.ts";
import type { ProduceOptions } from "./options.ts";
import { recordOf } from "./record_of.ts";
import { Rejections } from "./rejections.ts";
import { savedForm } from "./saved_form.ts";

/** The interval at which the position is saved, in ms, even if the filter drops all events. */
const SAVE_EVERY = 2000;
/** Maximum size of the values in a batch, in bytes. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
/** A rejected batch grows beyond this many records, however small batches are. */
const MIN_JUDGED = 10;

/** Runs two loops side by side: one reads events into batches, one publishes the batches. */
export class Pipeline {
  readonly #options: ProduceOptions;
  readonly #counts: ProduceCounts;
  /** After the last event that was handled; saved with each batch. */
  readonly #position: Position;
  #accumulator: BatchAccumulator<ProducerRecord, Handled>;
  #stream: EventStream | BackFill | undefined;
  /** Whether the stream has ended. */
  #isComplete = false;
  #handled: number;
  /** The last saved `#handled`, and the time; -1: never. */
  #saved = -1;
  /** In ms since the start of the program. */
  #savedAt = -Infinity;
  /** Records that count towards the limit: pending, in flight or published. */
  #accepted = 0;
  #inFlight = 0;
  readonly #rejections: Rejections;

  /** @param handled The number of events handled up to it, by all earlier runs. */
  constructor(options: ProduceOptions, position: Position, handled: number) {
    this.#options = options;
    this.#counts = options.counts;
    this.#position = position;
    this.#handled = handled;
    this.#rejections = new Rejections(options.counts, options.deadLetterTopic);
    this.#accumulator = this.#newAccumulator();
  }

  /**
   * Reads and publishes until the stop, the limit or the end of the stream.
   *
   * @throws {UserError} if the stream or Kafka cannot be used.
   * @throws {PublishAborted} if pending records are not published within `shutdownTimeout`.
   */
  async run(): Promise<void> {
    const { stop, shutdownTimeout, limit = Infinity } = this.#options;
    const deadline = delayed(stop, shutdownTimeout);
    const late = Promise.withResolvers<never>();
    late.promise.catch(() => {});
    deadline.signal.addEventListener(
      "abort",
      () => late.reject(new PublishAborted(this.#pendingCount)),
    );
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

  get #pendingCount(): number {
    return this.#inFlight + this.#accumulator.size;
  }

  /** Runs until the stop or the limit. It runs again only if Kafka rejected some records. */
  async #readAndPublish(deadline: AbortSignal): Promise<void> {
    this.#accumulator = this.#newAccumulator();
    const reading = new AbortController();
    const stopReading = () => {
      reading.abort();
      this.#accumulator.end();
    };
    const { stop } = this.#options;
    stop.addEventListener("abort", stopReading);
    try {
      const publishing = this.#publishAll(deadline);
      publishing.catch(stopReading);
      // Records from before a failure of the stream are still published.
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
      for await (const events of stream) {
        const now = this.#counts.handledAt = Date.now();
        this.#position.startAt(stream.start);
        for (const received of events) {
          this.#handle(received, now);
          if (this.#accepted === this.#options.limit) return;
          if (this.#accumulator.isFull) await this.#accumulator.room();
          if (stop.aborted) return;
        }
      }
      this.#isComplete = !stop.aborted;
    } finally {
      this.#accumulator.end();
    }
  }

  #open(stop: AbortSignal): EventStream | BackFill {
    const { open, until } = this.#options;
    if (until === undefined) return open(this.#position, stop);
    return new BackFill({ open: (stop) => open(this.#position, stop), until, stop });
  }

  async #publishAll(deadline: AbortSignal): Promise<void> {
    while (true) {
      await this.#accumulator.first(this.#savedAt + SAVE_EVERY - performance.now());
      if (this.#accumulator.size > 0) await this.#accumulator.full(this.#options.linger);
      const isNews = this.#accumulator.size > 0 || this.#handled !== this.#saved;
      if (isNews) await this.#publish(deadline);
      else if (this.#accumulator.ended) return;
      else this.#savedAt = performance.now();
    }
  }

  /** Publishes all records so far, in one or more parts: the publisher decides. */
  async #publish(deadline: AbortSignal): Promise<void> {
    let batch = this.#accumulator.take();
    while (true) {
      const begun = performance.now();
      this.#inFlight = batch.records.length;
      const published = await this.#options.publisher.publish(this.#batchOf(batch), deadline);
      if (published === "rejected") {
        batch = this.#grown(batch);
        continue;
      }
      const done = batch.records.slice(0, published.count);
      const { handled, reached } = done.length === batch.records.length
        ? batch.upTo
        : batch.cuts.find(({ count }) => count === done.length)!.upTo;
      this.#saved = handled;
      this.#savedAt = performance.now();
      this.#counts.savedUpTo = reached;
      this.#countPublished(done, published.rejected, performance.now() - begun);
      if (done.length === batch.records.length) break;
      batch = withoutFirst(batch, done.length);
    }
    this.#inFlight = 0;
  }

  #batchOf(
    { records, cuts, upTo: { handled, position, reached } }: AccumulatedBatch<
      ProducerRecord,
      Handled
    >,
  ): Batch {
    return {
      records,
      cuts: cuts.map(({ upTo: { handled, position }, ...cut }) => ({ ...cut, handled, position })),
      handled,
      position,
      reached,
      isLast: this.#accumulator.ended,
      replace: (rejected) => this.#rejections.replace(rejected),
    };
  }

  /**
   * Returns a batch that a topic rejects together with the records read since, so that a few
   * invalid records do not look like a topic that rejects everything; at most two batches, or 20
   * records.
   */
  #grown(
    batch: AccumulatedBatch<ProducerRecord, Handled>,
  ): AccumulatedBatch<ProducerRecord, Handled> {
    const isFull = batch.records.length > Math.max(this.#options.batchSize, MIN_JUDGED) ||
      (batch.cuts.at(-1)?.bytes ?? 0) > MAX_BATCH_BYTES;
    return isFull || this.#accumulator.size === 0 ? batch : joined(batch, this.#accumulator.take());
  }

  #countPublished(
    records: readonly ProducerRecord[],
    rejected: readonly RejectedRecord[],
    ms: number,
  ): void {
    const edits = records.filter(({ deadLetter }) => deadLetter === undefined);
    this.#counts.queued -= records.length;
    this.#counts.published += edits.length - rejected.length;
    this.#accepted -= rejected.length;
    for (const { record, reason } of rejected) this.#rejections.count(reason, record.value);
    this.#options.onPublished?.({ records: edits, ms });
  }

  #handle(received: ReceivedEvent, now: number): void {
    const { event } = received;
    this.#position.advance(received);
    const made = recordOf(received, this.#options.transform);
    if (made === "repeated") return;
    this.#handled++;
    this.#counts.events++;
    if (event !== undefined && made !== "canary" && received.timestamp !== undefined) {
      this.#counts.lastEventAt = received.timestamp;
      this.#counts.lastEventAge = now - received.timestamp;
    }
    if (made instanceof RejectedEvent) return this.#reject(received, made.message);
    if (typeof made === "string") return this.#counts.outcomes.count(event, made);
    this.#counts.outcomes.count(event, "passed");
    this.#accept(made, received);
  }

  #accept(record: ProducerRecord, received: ReceivedEvent): void {
    this.#accepted++;
    this.#rejections.note(record, received);
    this.#add(record);
  }

  #add(record: ProducerRecord): void {
    this.#counts.queued++;
    this.#accumulator.add(record);
  }

  #reject(received: ReceivedEvent, reason: string): void {
    this.#counts.outcomes.count(received.event, "refused");
    const letter = this.#rejections.reject(received, reason);
    if (letter !== undefined) this.#add(letter);
  }

  #newAccumulator(): BatchAccumulator<ProducerRecord, Handled> {
    const bounds = { maxRecords: this.#options.batchSize, maxBytes: MAX_BATCH_BYTES };
    return new BatchAccumulator(bounds, () => this.#soFar());
  }

  #soFar(): Handled {
    // Includes those that have sent nothing yet: a resume requests only what the position names.
    for (const key of this.#stream?.topicPartitions ?? []) this.#position.track(key);
    const { stream, optionMarks } = this.#options;
    const position = savedForm(stream, this.#position, optionMarks);
    return { handled: this.#handled, position, reached: this.#position.reached };
  }
}

/** Returns the progress in the stream, which is saved with the records of a batch. */
interface Handled extends Progress {
  readonly reached: number;
}

/** Returns a signal that is aborted `ms` after another one. */
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
