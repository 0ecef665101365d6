import type { PartitionPosition } from "../position/partition_position.ts";

/** The number of re-reads without result after which a topic-partition is not re-read again. */
const MAX_FRUITLESS = 3;

/** A gap that is read again. */
interface Reread {
  /** The offset of the anchor before it. */
  readonly after: number;
  /** The offset of the event behind it; 0 if the stream was read again for another reason. */
  readonly gapEnd: number;
}

/** Remembers, per topic-partition, the last gap that was read again, and how often in vain. */
export class Rereads {
  readonly #last = new Map<string, Reread>();
  readonly #fruitless = new Map<string, number>();

  /** Returns whether what follows the anchor was read again. */
  has(key: string, { offset }: PartitionPosition): boolean {
    return this.#last.get(key)?.after === offset;
  }

  /** Notes that what follows the anchor is not to be read again. */
  note(key: string, { offset }: PartitionPosition): void {
    this.#last.set(key, { after: offset, gapEnd: 0 });
  }

  /** Returns whether the gap between the anchor and an offset must be read again, which it notes. */
  wants(key: string, last: PartitionPosition, gapEnd: number): boolean {
    if (this.has(key, last) || (this.#fruitless.get(key) ?? 0) >= MAX_FRUITLESS) return false;
    this.#last.set(key, { after: last.offset, gapEnd });
    return true;
  }

  /** Returns the offset behind the gap that is read again after the anchor; 0 if there is none. */
  gapEnd(key: string, last: PartitionPosition): number {
    return this.has(key, last) ? this.#last.get(key)!.gapEnd : 0;
  }

  /** Notes that the event behind the anchor has arrived. */
  succeeded(key: string, last: PartitionPosition): void {
    if (this.has(key, last)) this.#fruitless.delete(key);
  }

  /** Notes that there is a gap behind the anchor. It counts as fruitless if it was read again. */
  failed(key: string, last: PartitionPosition): void {
    if (this.has(key, last)) this.#fruitless.set(key, (this.#fruitless.get(key) ?? 0) + 1);
  }
}
