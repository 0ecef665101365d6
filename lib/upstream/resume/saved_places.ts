import { z } from "zod";
import { shortened } from "./anchor.ts";
import { digits, numberOf } from "./digits.ts";
import type { PartitionPosition } from "./partition_position.ts";

/** By the name of its topic-partition, `eqiad.mediawiki.recentchange/0`. */
type Named = readonly [key: string, place: PartitionPosition];

const KEY = /^[\w.-]{1,249}\/\d{1,6}$/;

/**
 * Writes places as one text of ASCII, small: Kafka keeps 4,096 bytes with an offset by default.
 *
 * Each place takes 33 characters, and its name what it does not share with the name before. The
 * length depends on the names alone, so that a position that fits once does so for ever.
 */
export function writePlaces(places: Iterable<Named>): string {
  const named = [...places].map(([key, place]) => [turned(key), place] as const);
  named.sort(([a], [b]) => a < b ? -1 : 1);
  let before = "";
  return named.map(([name, { timestamp, highest, offset, id, refused }]) => {
    const shared = sharedLength(before, name);
    before = name;
    return digits(timestamp, TIMESTAMP) +
      digits(Math.ceil((highest - timestamp) / 1000), AHEAD) +
      digits(offset + 1, OFFSET) +
      (shortened(id).slice(1) || NO_ID) +
      digits(refused, REFUSED) +
      digits(shared, SHARED) + name.slice(shared);
  }).join(SEPARATOR);
}

/** Reads what {@linkcode writePlaces} wrote. @throws {TypeError} for anything else. */
export function readPlaces(text: string): Named[] {
  let before = "";
  return text === "" ? [] : text.split(SEPARATOR).map((entry) => {
    let at = 0;
    const next = (width: number) => entry.slice(at, at += width);
    const timestamp = numberOf(next(TIMESTAMP));
    const ahead = numberOf(next(AHEAD));
    const offset = numberOf(next(OFFSET)) - 1;
    const id = next(NO_ID.length);
    const refused = numberOf(next(REFUSED));
    const shared = numberOf(next(SHARED));
    const isShared = shared <= before.length;
    const name = before.slice(0, shared) + entry.slice(at);
    before = name;
    const place = {
      timestamp,
      highest: ahead === MAX_AHEAD ? Infinity : timestamp + ahead * 1000,
      offset,
      id: offset < 0 ? "" : `#${id}`,
      refused,
    };
    const key = turned(name, BEHIND);
    const isRead = isShared && KEY.test(key) && /^[\w-]*$/.test(id) &&
      [timestamp, offset, refused].every(Number.isSafeInteger) && !Number.isNaN(ahead);
    if (!isRead) throw new TypeError(`Cannot read the saved place '${entry}'`);
    return [key, place];
  });
}

/** Widths in digits to the base 64. A timestamp in ms has room until the year 10889. */
const TIMESTAMP = 8;
/** How far the highest timestamp is ahead of T, in s, rounded up: 194 days, and then without end. */
const AHEAD = 4;
const MAX_AHEAD = 64 ** AHEAD - 1;
/** One more than the offset, so that there is none below 0. */
const OFFSET = 9;
const NO_ID = "AAAAAAAA";
/** 262,143 refused frames; of more, the others count again when they come again. */
const REFUSED = 3;
/** How much of the name before is shared: 63 characters. */
const SHARED = 1;
const MAX_SHARED = 64 ** SHARED - 1;
const SEPARATOR = ";";
/** Precedes the data center in a name that is {@linkcode turned}. */
const BEHIND = " ";

/**
 * Moves the first part of a name to its end, `mediawiki.recentchange/0 eqiad`: the topics of one
 * stream differ in their data center alone, and so share the rest when they are sorted.
 */
function turned(key: string, back?: typeof BEHIND): string {
  if (back === undefined) {
    const dot = key.indexOf(".");
    return dot < 0 ? key : `${key.slice(dot + 1)}${BEHIND}${key.slice(0, dot)}`;
  }
  const space = key.lastIndexOf(back);
  return space < 0 ? key : `${key.slice(space + 1)}.${key.slice(0, space)}`;
}

function sharedLength(a: string, b: string): number {
  let length = 0;
  while (length < Math.min(a.length, b.length, MAX_SHARED) && a[length] === b[length]) length++;
  return length;
}

const firstForm = z.record(
  z.string().regex(KEY),
  z.tuple([z.int().min(0), z.int().min(-1), z.string().max(200), z.int().min(0)]),
);

/** Reads places as they were saved by the first version: `{ key: [T, offset, id, refused] }`. */
export function readFirstForm(json: unknown): Named[] {
  return Object.entries(firstForm.parse(json)).map(([key, [timestamp, offset, id, refused]]) => [
    key,
    { timestamp, highest: timestamp, offset, id, refused },
  ]);
}
