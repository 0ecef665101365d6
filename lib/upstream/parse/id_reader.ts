import { type IdEntry, readEventId } from "./event_id.ts";
import { MAX_PLACES } from "../position/position.ts";

/** The topic-partitions of an id, as {@linkcode IdReader} keeps them. */
type Entries = readonly { readonly key: string; next: number | undefined }[];

/** The timestamp of an entry, with its index in the bytes of the id. */
interface Timestamp {
  readonly entry: Entries[number];
  readonly start: number;
  readonly end: number;
}

/**
 * Follows the ids of one connection, to know which topic-partition a frame comes from.
 *
 * Each frame has its own id. Usually it differs from the previous id only in the digits of a
 * timestamp. Such an id is not parsed; only its timestamps are read.
 */
export class IdReader {
  readonly #onNew: (key: string) => void;
  readonly #decoder = new TextDecoder();
  #id: Uint8Array = new Uint8Array(0);
  #entries: Entries = [];
  /** All timestamps of the last id; empty if the id does not have the service's usual form. */
  #timestamps: readonly Timestamp[] = [];
  /** For each byte of the last id, whether it is a digit of a timestamp. */
  #isDigit: Uint8Array = new Uint8Array(0);
  /** The topic-partition whose entry changed with the last id. */
  moved: string | undefined;
  /** All topic-partitions named so far, at most as many as a position can hold. */
  readonly named = new Set<string>();

  /** @param onNew Called with each topic-partition that the previous id did not name. */
  constructor(onNew: (key: string) => void) {
    this.#onNew = onNew;
  }

  /** Returns the entries of an id, valid until the next call. Never throws. */
  read(id: Uint8Array): readonly IdEntry[] {
    // A frame without an id has that of the frame before.
    if (id === this.#id) return this.#entries;
    if (this.#differsInDigits(id)) this.#readTimestamps(id);
    else this.#parse(id);
    this.#id = id;
    return this.#entries;
  }

  #differsInDigits(id: Uint8Array): boolean {
    const last = this.#id;
    if (id.length !== last.length) return false;
    for (let i = 0; i < id.length; i++) {
      if (id[i] === last[i]) continue;
      if (this.#isDigit[i] === 0 || id[i]! < ZERO || id[i]! > NINE) return false;
    }
    // A number with a leading zero is not JSON.
    return this.#timestamps.every(({ start }) => id[start] !== ZERO);
  }

  #readTimestamps(id: Uint8Array): void {
    for (const { entry, start, end } of this.#timestamps) {
      let next = 0;
      for (let i = start; i < end; i++) next = next * 10 + id[i]! - ZERO;
      if (next === entry.next) continue;
      entry.next = next;
      this.moved = entry.key;
    }
  }

  #parse(id: Uint8Array): void {
    const text = this.#decoder.decode(id);
    const entries = readEventId(text).map((entry) => ({ ...entry }));
    for (const { key, next } of entries) {
      const before = this.#entries.find((entry) => entry.key === key);
      if (before === undefined) {
        this.#onNew(key);
        if (this.named.size < MAX_PLACES) this.named.add(key);
      }
      if (next !== undefined && next !== before?.next) this.moved = key;
    }
    this.#entries = entries;
    this.#timestamps = locate(text, entries);
    this.#isDigit = new Uint8Array(id.length);
    for (const { start, end } of this.#timestamps) this.#isDigit.fill(1, start, end);
  }
}

const ZERO = 48;
const NINE = 57;

/** The service's form of an entry: all ASCII, and each `"timestamp":` is followed by a number. */
const ENTRY = String
  .raw`\{"topic":"[\w.-]+","partition":\d+,"(?:timestamp":[1-9]\d{0,14}|offset":-1)\}`;
const AS_USUAL = new RegExp(String.raw`^\[${ENTRY}(?:,${ENTRY})*\]$`);

function locate(text: string, entries: Entries): Timestamp[] {
  const found = [...text.matchAll(/(?<="timestamp":)\d+/g)];
  const stamped = entries.filter(({ next }) => next !== undefined);
  const isUsual = AS_USUAL.test(text) && found.length === stamped.length &&
    new Set(entries.map(({ key }) => key)).size === entries.length;
  if (!isUsual) return [];
  return stamped.map((entry, i) => {
    const { 0: digits, index } = found[i]!;
    return { entry, start: index, end: index + digits.length };
  });
}
