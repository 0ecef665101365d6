import type { Batch, Cut } from "./publisher.ts";

/** The size of the first part, in bytes of values. Its effect ends after a few round trips. */
const FIRST_BYTES = 256 * 1024;
/** The maximum size, in bytes: more than any batch has. */
const MAX_BYTES = 64 * 1024 * 1024;
/** The minimum size because of a quota, in bytes. */
const MIN_BYTES = 16 * 1024;
/** How long a quota may delay one part, in ms: far less than a transaction may stay open. */
const TARGET_MS = 2000;

/**
 * Chooses how much of a batch to publish at once. The size starts small and doubles while no broker
 * delays the producer. A delay by a quota (`producer_byte_rate`) reduces it, so that a transaction
 * ends before its timeout.
 */
export class PartSize {
  #bytes = FIRST_BYTES;

  /** The maximum size of a part, in bytes of values. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Returns the end of a batch's largest first part within the size, but at least one part. */
  endOf({ records, handled, position, cuts = [] }: Batch): Cut {
    const fits = cuts.findLast(({ bytes }) => bytes <= this.#bytes) ?? cuts[0];
    const bytes = records.reduce((sum, { value }) => sum + value.length, 0);
    const whole = { count: records.length, bytes, handled, position };
    return fits === undefined || bytes <= this.#bytes ? whole : fits;
  }

  /** Notes that a broker delayed the producer while `sent` bytes were published. */
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
