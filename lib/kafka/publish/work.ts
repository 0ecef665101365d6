import type { Chunk, TopicLimits } from "./send/chunks.ts";
import type { ProducerRecord } from "../../shared/producer_record.ts";
import type { Batch, Cut, RejectedRecord } from "./publisher.ts";
import {
  type Acceptances,
  findingsOf,
  isAtFault,
  isCondition,
  type Rejected,
  TopicRejects,
} from "./rejection.ts";
import type { ChunksRejected } from "./send/send.ts";

/**
 * A batch, or its first part, that is being published: what is left of it, and what was rejected.
 */
export class Work {
  /** Rejected records, without dead letters, of which none is dropped. */
  readonly rejected: RejectedRecord[] = [];
  #batch: Batch;
  #end: Cut;
  #chunks: Chunk[] = [];
  /** Records that are not in a chunk yet. */
  #unsorted: readonly ProducerRecord[];
  /** Records that are in the topic already, although the batch is not published yet. */
  readonly #kept: ProducerRecord[] = [];

  /**
   * Creates the work of the first attempt.
   *
   * @param end The end of the part.
   */
  constructor(batch: Batch, end: Cut) {
    this.#batch = batch;
    this.#end = end;
    this.#unsorted = this.records;
  }

  /** The records of the part. */
  get records(): readonly ProducerRecord[] {
    return this.#batch.records.slice(0, this.end.count);
  }

  /** The end of the part. */
  get end(): Cut {
    return this.#end;
  }

  /**
   * Returns the work of a batch. It continues what an attempt left, if that was the same batch,
   * which may have grown since then.
   */
  static of(batch: Batch, end: Cut, left: Work | undefined): Work {
    const isSame = left !== undefined && !left.isUntouched &&
      left.records[0] === batch.records[0];
    if (!isSame) return new Work(batch, end);
    left.#grow(batch, end);
    return left;
  }

  #grow(batch: Batch, end: Cut): void {
    const { count } = this.end;
    this.#batch = batch;
    if (end.count <= count) return;
    this.#unsorted = [...this.#unsorted, ...batch.records.slice(count, end.count)];
    this.#end = end;
  }

  /** Whether no record was finally accepted or rejected: the batch may still change. */
  get isUntouched(): boolean {
    return this.rejected.length === 0 && this.#kept.length === 0;
  }

  /** Returns the chunks to send, including new records. */
  async chunks(
    sort: (records: readonly ProducerRecord[]) => Promise<Chunk[]>,
  ): Promise<Chunk[]> {
    if (this.#unsorted.length > 0) {
      this.#chunks.push(...await sort(this.#unsorted));
      this.#unsorted = [];
    }
    return this.#chunks;
  }

  /** Makes the next {@linkcode chunks} sort all records again: partitions may be gone. */
  resort(): void {
    const sorted = this.#chunks.flatMap(({ records }) => records);
    this.#unsorted = [...sorted, ...this.#unsorted];
    this.#chunks = [];
  }

  /**
   * Removes rejected records and adds their dead letters, once all rejected records are known. If a
   * topic rejects most records, all of them stay: none is dropped.
   *
   * @param before Returns what each topic accepted before.
   * @param limits Returns the limits of a topic.
   * @throws {TopicRejects} if a topic rejects most records, or a dead letter that cannot be
   * changed.
   */
  narrow(
    error: ChunksRejected,
    before: Pick<Acceptances, "of" | "mayReject">,
    limits: (topic: string) => Pick<TopicLimits, "maxBytes">,
  ): void {
    const { reached, replace } = this.#batch;
    const { chunks, rejected, accepted, isComplete } = findingsOf(this.#chunks, error);
    this.#chunks = [...chunks];
    if (error.areKept) { for (const { records } of error.accepted) this.#kept.push(...records); }
    if (!isComplete) return;
    const replacements = new Map<ProducerRecord, ProducerRecord | undefined>();
    const isLetter = ({ record }: Rejected) => record.deadLetter !== undefined;
    // Kept records of this attempt are in both lists, and count once.
    const all = [...new Set([...this.#kept, ...accepted])];
    for (const [topic, inTopic] of Map.groupBy(rejected, ({ record }) => record.topic)) {
      const edits = inTopic.filter((one) => !isLetter(one));
      const unclear = edits.filter((one) => !isAtFault(one, limits(topic), reached));
      const judged = before.mayReject(topic, edits.length - unclear.length) ? unclear : edits;
      const others = all.filter((record) => record.topic === topic);
      if (judged.length > 0 && isCondition(judged, others, before.of(topic))) {
        throw new TopicRejects(topic, judged);
      }
      for (const letter of inTopic.filter(isLetter)) {
        const changed = replace?.(letter);
        if (changed === undefined) throw new TopicRejects(topic, inTopic);
        replacements.set(letter.record, changed);
      }
    }
    // Only now, since the creation of a dead letter counts it.
    for (const edit of rejected.filter((one) => !isLetter(one))) {
      this.rejected.push({ record: edit.record, reason: edit.reason });
      replacements.set(edit.record, replace?.(edit));
    }
    this.#chunks = this.#chunks.flatMap((chunk) => without(chunk, replacements));
    this.#unsorted = [...replacements.values()].filter((record) => record !== undefined);
  }
}

/** Returns a chunk without some of its records; nothing if none is left. */
function without(
  chunk: Chunk,
  gone: ReadonlyMap<ProducerRecord, unknown>,
): Chunk[] {
  const isLeft = chunk.records.map((record) => !gone.has(record));
  if (isLeft.every(Boolean)) return [chunk];
  if (!isLeft.some(Boolean)) return [];
  return [{
    ...chunk,
    messages: chunk.messages.filter((_, index) => isLeft[index]),
    records: chunk.records.filter((_, index) => isLeft[index]),
  }];
}
