import type { OffsetOf, ProducerIdentity, TopicPartitions } from "./protocol.ts";

type Saved = Pick<OffsetOf, "offset" | "metadata">;

/**
 * The offsets of one group: what was committed, what waits for the end of a transaction, and what
 * the coordinator shows, which may for a while be older.
 */
export class GroupOffsets {
  /** By `topic/partition`. */
  #committed = new Map<string, Saved>();
  /** The same before each of the last changes. */
  readonly #before: Map<string, Saved>[] = [];
  /** By producer, what commits with its transaction. */
  readonly #pending = new Map<number, Map<string, Saved>>();
  /** By producer, its highest epoch here. */
  readonly #epochs = new Map<number, number>();
  /** An older state that is shown until a time. */
  #shown: { readonly offsets: Map<string, Saved>; readonly until: number } | undefined;

  get(key: string): Saved | undefined {
    return this.#committed.get(key);
  }

  /** Returns the offset that a reader gets at a time. */
  shown(key: string, now: number): Saved | undefined {
    const isOlder = this.#shown !== undefined && now < this.#shown.until;
    return (isOlder ? this.#shown!.offsets : this.#committed).get(key);
  }

  /** How long a write at a time waits: it is answered when all before it is known. */
  waitOfWrite(now: number): number {
    return Math.max(0, (this.#shown?.until ?? 0) - now);
  }

  /** Another broker takes over, and knows the last commits only after `ms`. */
  forget(changes: number, now: number, ms: number): void {
    const offsets = this.#before.at(-changes);
    if (offsets !== undefined) this.#shown = { offsets, until: now + ms };
  }

  commit(topics: readonly TopicPartitions<OffsetOf>[]): void {
    this.#apply(entriesOf(topics));
  }

  /** @returns An error, or `undefined`. */
  prepare(
    { producerId, producerEpoch }: ProducerIdentity,
    topics: readonly TopicPartitions<OffsetOf>[],
  ): string | undefined {
    if (producerEpoch < (this.#epochs.get(producerId) ?? 0)) return "INVALID_PRODUCER_EPOCH";
    this.#epochs.set(producerId, producerEpoch);
    const pending = this.#pending.get(producerId) ?? new Map<string, Saved>();
    for (const [key, saved] of entriesOf(topics)) pending.set(key, saved);
    this.#pending.set(producerId, pending);
    return undefined;
  }

  /** Writes the marker that ends a producer's transaction. */
  mark(producerId: number, epoch: number, commits: boolean): void {
    this.#epochs.set(producerId, Math.max(epoch, this.#epochs.get(producerId) ?? 0));
    const pending = this.#pending.get(producerId);
    this.#pending.delete(producerId);
    if (commits && pending !== undefined) this.#apply(pending);
  }

  #apply(changes: Iterable<readonly [string, Saved]>): void {
    this.#before.push(this.#committed);
    if (this.#before.length > 5) this.#before.shift();
    this.#committed = new Map([...this.#committed, ...changes]);
  }
}

function* entriesOf(
  topics: readonly TopicPartitions<OffsetOf>[],
): Generator<readonly [string, Saved]> {
  for (const { topic, partitions } of topics) {
    for (const { partition, offset, metadata } of partitions) {
      yield [`${topic}/${partition}`, { offset, metadata }];
    }
  }
}
