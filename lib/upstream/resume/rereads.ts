import type { PartitionPosition } from "../position/partition_position.ts";

/** The number of re-reads without result after which a topic-partition is not re-read again. */
const MAX_FRUITLESS = 3;

/** Remembers, per topic-partition, the last gap that was read again, and how often in vain. */
export class Rereads {
  /** The offset of the anchor before it. */
  readonly #last = new Map<string, number>();
  readonly #fruitless = new Map<string, number>();

  /** Notes that what follows the anchor is not to be read again. */
  note(key: string, { offset }: PartitionPosition): void {
    this.#last.set(key, offset);
  }

  /** Forgets what was read again: its offset is in an old numbering. */
  forget(key: string): void {
    this.#last.delete(key);
  }

  /** Returns whether the gap behind the anchor is to be read again, and notes that it is. */
  wants(key: string, last: PartitionPosition): boolean {
    if (this.#has(key, last) || (this.#fruitless.get(key) ?? 0) >= MAX_FRUITLESS) return false;
    this.note(key, last);
    return true;
  }

  /** Notes that the event behind the anchor has arrived. */
  succeeded(key: string, last: PartitionPosition): void {
    if (this.#has(key, last)) this.#fruitless.delete(key);
  }

  /** Notes that there is a gap behind the anchor. It counts as fruitless if it was read again. */
  failed(key: string, last: PartitionPosition): void {
    if (this.#has(key, last)) this.#fruitless.set(key, (this.#fruitless.get(key) ?? 0) + 1);
  }

  #has(key: string, { offset }: PartitionPosition): boolean {
    return this.#last.get(key) === offset;
  }
}
