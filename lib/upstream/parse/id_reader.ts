import { type IdEntry, readEventId } from "./event_id.ts";
import { MAX_TRACKED } from "../position/position.ts";

/** The topic-partitions of an id, as {@linkcode IdReader} keeps them. */
type Entries = readonly (Omit<IdEntry, "next"> & { next: number | undefined })[];

/** The timestamp of an entry, with its index in the text of the id. */
interface Timestamp {
  readonly entry: Entries[number];
  readonly start: number;
  readonly end: number;
}

/**
 * Follows the ids of one connection, to know which topic-partition a frame comes from.
 *
 * Each frame has its own id. Usually it differs from the previous ids only in the digits of a
 * timestamp. Such an id is not parsed; only its timestamps are read.
 */
export class IdReader {
  readonly #onNew: (key: string) => void;
  /** The last id that was parsed. */
  #id = "";
  #entries: Entries = [];
  /** Matches ids that differ from that one in the digits of timestamps, if it is in usual form. */
  #alike = NOTHING;
  #timestamps: readonly Timestamp[] = [];
  /** The topic-partition whose entry changed with the last id. */
  moved: string | undefined;
  /** All topic-partitions named so far, at most as many as a position can hold. */
  readonly named = new Set<string>();

  /** @param onNew Called with each topic-partition that the previous id did not name. */
  constructor(onNew: (key: string) => void) {
    this.#onNew = onNew;
  }

  /**
   * Returns the entries of an id, valid until the next call. Never throws.
   *
   * @param id One character for each byte: all that counts in an id is ASCII.
   */
  read(id: string): readonly IdEntry[] {
    if (this.#alike.test(id)) this.#readTimestamps(id);
    else if (id !== this.#id) this.#parse(id);
    return this.#entries;
  }

  #readTimestamps(id: string): void {
    for (const { entry, start, end } of this.#timestamps) {
      const next = Number(id.slice(start, end));
      if (next === entry.next) continue;
      entry.next = next;
      this.moved = entry.key;
    }
  }

  #parse(id: string): void {
    const entries = readEventId(id).map((entry) => ({ ...entry }));
    for (const { key, next } of entries) {
      const before = this.#entries.find((entry) => entry.key === key);
      if (before === undefined) {
        this.#onNew(key);
        if (this.named.size < MAX_TRACKED) this.named.add(key);
      }
      if (next !== undefined && next !== before?.next) this.moved = key;
    }
    this.#id = id;
    this.#entries = entries;
    this.#timestamps = locate(id, entries);
    this.#alike = this.#timestamps.length === 0 ? NOTHING : alike(id);
  }
}

const NOTHING = /(?!)/;

/** The service's form of an entry: all ASCII, and each `"timestamp":` is followed by a number. */
const ENTRY = String
  .raw`\{"topic":"[\w.-]+","partition":\d+,"(?:timestamp":[1-9]\d{0,14}|offset":-1)\}`;
const AS_USUAL = new RegExp(String.raw`^\[${ENTRY}(?:,${ENTRY})*\]$`);
const TIMESTAMPS = /(?<="timestamp":)\d+/g;

function locate(id: string, entries: Entries): Timestamp[] {
  const found = [...id.matchAll(TIMESTAMPS)];
  const stamped = entries.filter(({ next }) => next !== undefined);
  const isUsual = AS_USUAL.test(id) && found.length === stamped.length &&
    new Set(entries.map(({ key }) => key)).size === entries.length;
  if (!isUsual) return [];
  return stamped.map((entry, i) => {
    const { 0: digits, index } = found[i]!;
    return { entry, start: index, end: index + digits.length };
  });
}

/** Returns a pattern of ids in usual form with the same places for timestamps as this one. */
function alike(id: string): RegExp {
  const pattern = id.replaceAll(/[[{}.\]]/g, String.raw`\$&`).replaceAll(
    TIMESTAMPS,
    (digits) => String.raw`[1-9]\d{${digits.length - 1}}`,
  );
  return new RegExp(`^${pattern}$`);
}
