import type { OffsetOf, ProducerIdentity, TopicPartitions } from "./protocol.ts";

type Saved = Pick<OffsetOf, "offset" | "metadata">;

/**
 * The offsets of one group: committed ones, those of open transactions, and those that the
 * coordinator shows, which may be older for a while.
 */
export class GroupOffsets {
  /** The committed offsets by `topic/partition`. */
  #committed = new Map<string, Saved>();
  /** The same, before each of the last changes. */
  readonly #before: Map<string, Saved>[] = [];
  /** The pending offsets of transactions, by producer. */
  readonly #pending = new Map<number, Map<string, Saved>>();
  /** The highest epoch by producer. */
  readonly #epochs = new Map<number, number>();
  /** An older state, and the time until which it is shown. */
  #shown: { readonly offsets: Map<string, Saved>; readonly until: number } | undefined;

  get(key: string): Saved | undefined {
    return this.#committed.get(key);
  }

  /** Returns the offset that a reader gets at a time. */
  shown(key: string, now: number): Saved | undefined {
    const isOlder = this.#shown !== undefined && now < this.#shown.until;
    return (isOlder ? this.#shown!.offsets : this.#committed).get(key);
  }

  /** Returns how long a write waits: it is answered when everything before it is known. */
  waitOfWrite(now: number): number {
    return Math.max(0, (this.#shown?.until ?? 0) - now);
  }

  /** Moves the group to another broker, which knows the last commits only after `ms`. */
  forget(changes: number, now: number, ms: number): void {
    const offsets = this.#before.at(-changes);
    if (offsets !== undefined) this.#shown = { offsets, until: now + ms };
  }

  /**
   * Commits without a transaction. The first such commit is never hidden: a producer would begin as
   * without a position. It cannot prevent that, so the guarantees exclude it.
   */
  commit(topics: readonly TopicPartitions<OffsetOf>[]): void {
    const isFirst = this.#committed.size === 0;
    this.#apply(entriesOf(topics));
    if (isFirst) this.#before.length = 0;
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

  /** Forgets the offsets of a topic that was deleted, also those of open transactions. */
  deleteTopic(topic: string): void {
    this.#before.length = 0;
    this.#shown = undefined;
    for (const offsets of [this.#committed, ...this.#pending.values()]) {
      for (const key of offsets.keys()) if (key.startsWith(`${topic}/`)) offsets.delete(key);
    }
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
