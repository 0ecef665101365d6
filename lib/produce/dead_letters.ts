import type { OutgoingRecord } from "../kafka/publish/chunks.ts";

/** What was refused, and where it comes from. */
export interface Refused {
  /** The upstream JSON, or whatever came in its place. */
  readonly data: Uint8Array;
  /** Upstream topic and partition: `eqiad.mediawiki.recentchange/0`. */
  readonly key: string;
  /** `undefined` for what could not be read. */
  readonly offset: number | undefined;
}

/** A letter is not cut below this, in bytes; one that is refused even so is only counted. */
const LEAST_BYTES = 1024;

/**
 * Makes records of what was refused: the value untouched, the reason and the place upstream in
 * headers (`wikitap.reason`, `wikitap.topic`, `wikitap.partition`, `wikitap.offset`). The record's
 * timestamp is the time of the refusal, since the event's own may be what is wrong.
 */
export class DeadLetters {
  readonly #letters = new WeakMap<OutgoingRecord, number>();

  constructor(readonly topic: string) {}

  /** Whether a record is one of these letters. */
  has(record: OutgoingRecord): boolean {
    return this.#letters.has(record);
  }

  write({ data, key, offset }: Refused, reason: string, now: number = Date.now()): OutgoingRecord {
    const slash = key.lastIndexOf("/");
    const headers: Record<string, string> = {
      "wikitap.reason": reason,
      "wikitap.topic": key.slice(0, slash),
      "wikitap.partition": key.slice(slash + 1),
      ...offset === undefined ? {} : { "wikitap.offset": String(offset) },
    };
    return this.#note(
      { topic: this.topic, key: null, value: data.slice(), timestamp: now, headers },
      data.length,
    );
  }

  /**
   * A letter that Kafka does not take, half as long; the header `wikitap.cut` tells how many bytes
   * it had. `undefined` when there is nothing left to cut.
   */
  cut(letter: OutgoingRecord): OutgoingRecord | undefined {
    const whole = this.#letters.get(letter);
    const { value } = letter;
    if (whole === undefined || typeof value === "string" || value.length < LEAST_BYTES) return;
    const half = value.subarray(0, value.length / 2);
    const headers = { ...letter.headers, "wikitap.cut": String(whole) };
    return this.#note({ ...letter, value: half, headers }, whole);
  }

  #note(letter: OutgoingRecord, bytes: number): OutgoingRecord {
    this.#letters.set(letter, bytes);
    return letter;
  }
}
