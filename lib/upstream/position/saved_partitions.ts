import { z } from "zod";
import { shortened } from "./anchor.ts";
import { digits, numberOf } from "./digits.ts";
import type { PartitionPosition } from "./partition_position.ts";

/** A position by the name of its topic-partition, `eqiad.mediawiki.recentchange/0`. */
type Named = readonly [key: string, position: PartitionPosition];

const KEY = /^[\w.-]{1,249}\/\d{1,6}$/;

/**
 * Writes positions as one short ASCII text: Kafka keeps 4,096 bytes with an offset by default.
 *
 * Each takes 33 characters, plus the part of its name that the previous name does not have. The
 * length depends on the names alone, so a position that fits once always fits.
 */
export function writePartitions(partitions: Iterable<Named>): string {
  const named = [...partitions].map(([key, position]) => [turned(key), position] as const);
  named.sort(([a], [b]) => a < b ? -1 : 1);
  let before = "";
  return named.map(([name, { timestamp, highest, offset, id, rejected }]) => {
    const shared = sharedLength(before, name);
    before = name;
    return digits(timestamp, TIMESTAMP) +
      digits(Math.ceil((highest - timestamp) / 1000), AHEAD) +
      digits(offset + 1, OFFSET) +
      (shortened(id).slice(1) || NO_ID) +
      digits(rejected, REJECTED) +
      digits(shared, SHARED) + name.slice(shared);
  }).join(SEPARATOR);
}

/**
 * Parses the result of {@linkcode writePartitions}.
 *
 * @throws {TypeError} for anything else.
 */
export function readPartitions(text: string): Named[] {
  let before = "";
  return text === "" ? [] : text.split(SEPARATOR).map((entry) => {
    let at = 0;
    const next = (width: number) => entry.slice(at, at += width);
    const timestamp = numberOf(next(TIMESTAMP));
    const ahead = numberOf(next(AHEAD));
    const offset = numberOf(next(OFFSET)) - 1;
    const id = next(NO_ID.length);
    const rejected = numberOf(next(REJECTED));
    const shared = numberOf(next(SHARED));
    const isShared = shared <= before.length;
    const name = before.slice(0, shared) + entry.slice(at);
    before = name;
    const position = {
      timestamp,
      highest: ahead === MAX_AHEAD ? Infinity : timestamp + ahead * 1000,
      offset,
      id: offset < 0 ? "" : `#${id}`,
      rejected,
    };
    const key = turned(name, BEHIND);
    const isRead = isShared && KEY.test(key) && /^[\w-]*$/.test(id) &&
      [timestamp, offset, rejected].every(Number.isSafeInteger) && !Number.isNaN(ahead);
    if (!isRead) throw new TypeError(`Cannot read the saved position '${entry}'`);
    return [key, position];
  });
}

/** Widths in base-64 digits. A timestamp in ms has room until the year 10889. */
const TIMESTAMP = 8;
/** How far the highest timestamp is ahead of T, in s, rounded up: up to 194 days, then infinite. */
const AHEAD = 4;
const MAX_AHEAD = 64 ** AHEAD - 1;
/** The offset plus 1, so that it is never negative. */
const OFFSET = 9;
const NO_ID = "AAAAAAAA";
/** Up to 262,143 rejected frames. Any more are counted again when they arrive again. */
const REJECTED = 3;
/** The number of characters shared with the previous name: up to 63. */
const SHARED = 1;
const MAX_SHARED = 64 ** SHARED - 1;
const SEPARATOR = ";";
/** Precedes the data center in a {@linkcode turned} name. */
const BEHIND = " ";

/**
 * Moves the first part of a name to its end, `mediawiki.recentchange/0 eqiad`. The topics of one
 * stream differ in their data center alone, so they share the rest when they are sorted.
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

/** Parses positions saved by the first version: `{ key: [T, offset, id, rejected] }`. */
export function readFirstForm(json: unknown): Named[] {
  return Object.entries(firstForm.parse(json)).map(([key, [timestamp, offset, id, rejected]]) => [
    key,
    { timestamp, highest: timestamp, offset, id, rejected },
  ]);
}
