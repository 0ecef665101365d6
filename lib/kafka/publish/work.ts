import type { Chunk, OutgoingRecord } from "./chunks.ts";
import type { Batch, Cut, RefusedRecord } from "./publisher.ts";
import {
  type Acceptances,
  findingsOf,
  isCondition,
  type Rejected,
  TopicRejects,
} from "./rejection.ts";
import type { ChunksRejected } from "./send.ts";

/** A batch, or its first part, on its way to Kafka: what is left of it and what was rejected. */
export class Work {
  /** Rejected records, without dead letters, of which none is dropped. */
  readonly refused: RefusedRecord[] = [];
  /** The records of the part. */
  readonly records: readonly OutgoingRecord[];
  readonly #replace: Batch["replace"];
  #chunks: Chunk[] = [];
  /** Records that are in no chunk yet. */
  #unsorted: readonly OutgoingRecord[];
  /** Records that are in the topic, although the batch is not published yet. */
  readonly #kept: OutgoingRecord[] = [];

  /** @param end Where the part ends. */
  constructor(batch: Batch, readonly end: Cut) {
    this.#replace = batch.replace;
    this.records = batch.records.slice(0, end.count);
    this.#unsorted = this.records;
  }

  /** Whether no record was accepted for good or rejected: the batch may still change. */
  get isUntouched(): boolean {
    return this.refused.length === 0 && this.#kept.length === 0;
  }

  /** Returns the chunks to send, with new records sorted in. */
  async chunks(sort: (records: readonly OutgoingRecord[]) => Promise<Chunk[]>): Promise<Chunk[]> {
    if (this.#unsorted.length > 0) {
      this.#chunks.push(...await sort(this.#unsorted));
      this.#unsorted = [];
    }
    return this.#chunks;
  }

  /**
   * Takes rejected records out, and their dead letters in, once each of them is known. What a topic
   * mostly rejects stays: nothing of it is dropped.
   *
   * @param before What each topic accepted before.
   * @throws {TopicRejects} if a topic rejects most records, or a dead letter that cannot be changed.
   */
  narrow(error: ChunksRejected, before: Pick<Acceptances, "of">): void {
    const { chunks, rejected, accepted, isComplete } = findingsOf(this.#chunks, error);
    this.#chunks = [...chunks];
    if (error.areKept) { for (const { records } of error.accepted) this.#kept.push(...records); }
    if (!isComplete) return;
    const replacements = new Map<OutgoingRecord, OutgoingRecord | undefined>();
    const isLetter = ({ record }: Rejected) => record.deadLetter !== undefined;
    const all = error.areKept ? [...this.#kept, ...accepted] : accepted;
    for (const [topic, inTopic] of Map.groupBy(rejected, ({ record }) => record.topic)) {
      const edits = inTopic.filter((one) => !isLetter(one));
      const others = all.filter((record) => record.topic === topic);
      if (edits.length > 0 && isCondition(edits, others, before.of(topic))) {
        throw new TopicRejects(topic, edits);
      }
      for (const letter of inTopic.filter(isLetter)) {
        const changed = this.#replace?.(letter);
        if (changed === undefined) throw new TopicRejects(topic, inTopic);
        replacements.set(letter.record, changed);
      }
    }
    // Only now: making a dead letter counts it.
    for (const edit of rejected.filter((one) => !isLetter(one))) {
      this.refused.push({ record: edit.record, reason: edit.reason });
      replacements.set(edit.record, this.#replace?.(edit));
    }
    this.#chunks = this.#chunks.flatMap((chunk) => without(chunk, replacements));
    this.#unsorted = [...replacements.values()].filter((record) => record !== undefined);
  }
}

/** A chunk without some of its records; none if nothing is left. */
function without(chunk: Chunk, gone: ReadonlyMap<OutgoingRecord, unknown>): Chunk[] {
  const isLeft = chunk.records.map((record) => !gone.has(record));
  if (isLeft.every(Boolean)) return [chunk];
  if (!isLeft.some(Boolean)) return [];
  return [{
    ...chunk,
    messages: chunk.messages.filter((_, index) => isLeft[index]),
    records: chunk.records.filter((_, index) => isLeft[index]),
  }];
}
