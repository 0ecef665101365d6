import type { HashedRecord, RecordHeaders } from "./record_hash.ts";
import { bodyOf, identityOf } from "../edits/message/record_value.ts";
import { latin1 } from "../upstream/parse/latin1.ts";
import { differingFields } from "./values.ts";

/** A record of the topic. */
export interface Leftover extends HashedRecord {
  /** The partition that has the record. */
  readonly partition: number;
  /** The offset of the record. */
  readonly offset: number;
  /** The timestamp of the record, ms since 1970. */
  readonly timestamp: number;
  /** The headers, without the one of a repair. */
  readonly headers: RecordHeaders;
}

/** An expected record that was not found. */
export type ExpectedRecord = HashedRecord & Pick<Leftover, "timestamp">;

/** The maximum number of leftovers that are kept, and of their bytes. */
const MAX_LEFTOVERS = 20_000;
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Records of the topic that were not expected. Some of them are expected records that were changed.
 * Those are found by value, by the identity of the edit, or by key and time. At most 20,000 records
 * and 16 MiB are kept.
 */
export class Leftovers {
  /** Records that were not kept. */
  dropped = 0;
  #bytes = 0;
  readonly #records = new Set<Leftover>();
  readonly #byTrait = new Map<string, Leftover[]>();

  /** Adds a copy of a record, unless too many are kept. */
  add(found: Leftover): void {
    // Copies, since its bytes are a view of the fetched ones.
    const [key, value] = [found.key?.slice() ?? null, found.value?.slice() ?? null];
    const record = { ...found, key, value };
    const bytes = (key?.length ?? 0) + (value?.length ?? 0);
    if (this.#records.size === MAX_LEFTOVERS || this.#bytes + bytes > MAX_BYTES) {
      this.dropped++;
      return;
    }
    this.#bytes += bytes;
    this.#records.add(record);
    for (const trait of traitsOf(record)) {
      const others = this.#byTrait.get(trait) ?? [];
      this.#byTrait.set(trait, others);
      others.push(record);
    }
  }

  /** Removes and returns the record to which an expected one was most likely changed. */
  take(wanted: ExpectedRecord): Leftover | undefined {
    for (const trait of traitsOf(wanted)) {
      const found = this.#byTrait.get(trait)?.find((one) => this.#records.has(one));
      if (found === undefined) continue;
      this.#records.delete(found);
      return found;
    }
    return undefined;
  }

  /** The records that were not removed. */
  get rest(): Iterable<Leftover> {
    return this.#records;
  }
}

/** Returns the marks that two forms of one record share, the most reliable first. */
function traitsOf({ topic, timestamp, key, value }: ExpectedRecord): string[] {
  const { id } = identityOf(bodyOf(value));
  return [
    `value ${topic} ${textOf(value)}`,
    ...id === undefined ? [] : [`id ${topic} ${id}`],
    ...key === null ? [] : [`key ${topic} ${timestamp} ${textOf(key)}`],
  ];
}

function textOf(bytes: Uint8Array | null): string {
  return bytes === null ? "null" : latin1(bytes);
}

/**
 * Returns the names of the differences between two records: fields of their values, `record key`,
 * `record timestamp` and `record headers`.
 *
 * @param hasTimes Whether the timestamps of records are compared.
 */
export function differences(wanted: ExpectedRecord, found: Leftover, hasTimes: boolean): string[] {
  const [one, other] = [bodyOf(wanted.value), bodyOf(found.value)];
  const isSame = textOf(wanted.value) === textOf(found.value);
  const fields = one && other ? differingFields(one, other) : isSame ? [] : ["value"];
  return [
    ...fields,
    ...textOf(wanted.key) === textOf(found.key) ? [] : ["record key"],
    ...hasTimes && wanted.timestamp !== found.timestamp ? ["record timestamp"] : [],
    ...headersText(wanted.headers) === headersText(found.headers) ? [] : ["record headers"],
  ];
}

function headersText(headers: RecordHeaders = {}): string {
  const textsOf = (value: RecordHeaders[string]) =>
    [value].flat().map((one) => typeof one === "string" ? one : latin1(one as Uint8Array));
  return JSON.stringify(Object.keys(headers).sort().map((name) => [name, textsOf(headers[name])]));
}
