import type { Batch, Cut } from "./publisher.ts";

/** The size of the first part, in bytes of values; a few round trips later it has no effect. */
const FIRST_BYTES = 256 * 1024;
/** More than any batch has, in bytes. */
const MAX_BYTES = 64 * 1024 * 1024;
/** A part is not made smaller than this because of a quota, in bytes. */
const MIN_BYTES = 16 * 1024;
/** How long a quota may delay one part, in ms: far less than a transaction may stay open. */
const TARGET_MS = 2000;

/**
 * Chooses how much of a batch to publish at once. Parts start small and double while no broker
 * delays the producer; a delay by a quota (`producer_byte_rate`) makes them smaller, so that a
 * transaction ends before its timeout.
 */
export class PartSize {
  #bytes = FIRST_BYTES;

  /** The largest part, in bytes of values. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Returns the end of the largest first part of a batch that is within the size; at least one. */
  endOf({ records, handled, position, cuts = [] }: Batch): Cut {
    const fits = cuts.findLast(({ bytes }) => bytes <= this.#bytes) ?? cuts[0];
    const bytes = records.reduce((sum, { value }) => sum + value.length, 0);
    const whole = { count: records.length, bytes, handled, position };
    return fits === undefined || bytes <= this.#bytes ? whole : fits;
  }

  /** Notes that a broker delays the producer while `sent` bytes are published. */
  throttled(ms: number, sent: number): void {
    if (ms <= TARGET_MS) return;
    const bytes = Math.floor(sent * TARGET_MS / ms);
    this.#bytes = Math.max(MIN_BYTES, Math.min(bytes, this.#bytes));
  }

  /** Notes that a part of `sent` bytes was published without delay. */
  unthrottled(sent: number): void {
    if (2 * sent >= this.#bytes) this.#bytes = Math.min(2 * this.#bytes, MAX_BYTES);
  }
}
