/** A partition of a topic. */
export interface TopicPartition {
  /** The name of the topic. */
  readonly topic: string;
  /** The number of the partition. */
  readonly partition: number;
}

/** The offsets between which a partition can be read. */
export interface Bounds {
  /** The first offset that still exists. */
  readonly low: bigint;
  /** The next offset to be written or, for readers of committed records, the first open transaction's. */
  readonly high: bigint;
}

/** Names a partition in a map: no topic's name has a slash. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** A map by topic and partition, ordered by insertion. */
export class PartitionMap<V> implements Iterable<readonly [TopicPartition, V]> {
  readonly #entries = new Map<string, readonly [TopicPartition, V]>();

  /** Creates a map with `entries`. The last entry of a partition counts. */
  constructor(entries: Iterable<readonly [TopicPartition, V]> = []) {
    for (const [at, value] of entries) this.set(at, value);
  }

  /** The number of partitions. */
  get size(): number {
    return this.#entries.size;
  }

  /** Returns the value of a partition; `undefined` if it has none. */
  get(at: TopicPartition): V | undefined {
    return this.#entries.get(partitionKey(at))?.[1];
  }

  /** Returns whether a partition has a value. */
  has(at: TopicPartition): boolean {
    return this.#entries.has(partitionKey(at));
  }

  /** Sets the value of a partition. */
  set({ topic, partition }: TopicPartition, value: V): void {
    this.#entries.set(partitionKey({ topic, partition }), [{ topic, partition }, value]);
  }

  /** Removes a partition. */
  delete(at: TopicPartition): void {
    this.#entries.delete(partitionKey(at));
  }

  /** Removes all partitions. */
  clear(): void {
    this.#entries.clear();
  }

  /** Iterates over partitions and values. */
  [Symbol.iterator](): Iterator<readonly [TopicPartition, V]> {
    return this.#entries.values();
  }
}

/** Returns the numbers of partitions by topic, in the form of kafkajs. */
export function byTopic(
  partitions: readonly TopicPartition[],
): { topic: string; partitions: number[] }[] {
  return [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, of]) => ({
    topic,
    partitions: of.map(({ partition }) => partition),
  }));
}
