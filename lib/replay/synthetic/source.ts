import type { ByteBuffer } from "../byte_buffer.ts";

/** A sequence of events without a topic; times as in `TopicLog`. */
export interface EventSequence {
  /** Returns when an event appears, on the log's own clock, in ms. */
  due(index: number): number;
  /** Returns an event's timestamp in Kafka, in ms. */
  timestamp(index: number): number;
  /** Returns the first event that appears at `time` or later. */
  firstDue(time: number): number;
  /** Appends an event's JSON, with its position in a topic. */
  write(index: number, to: ByteBuffer, topic: string, offset: number): void;
}

/** Returns `before` up to its index `length`, then `after` from its index `skip` on. */
export function splice(
  before: EventSequence,
  length: number,
  after: EventSequence,
  skip: number,
): EventSequence {
  if (length === Infinity) return before;
  const moved = (index: number) => index - length + skip;
  return {
    due: (index) => index < length ? before.due(index) : after.due(moved(index)),
    timestamp: (index) => index < length ? before.timestamp(index) : after.timestamp(moved(index)),
    firstDue: (time) => {
      const index = before.firstDue(time);
      return index < length ? index : length + Math.max(0, after.firstDue(time) - skip);
    },
    write: (index, to, topic, offset) =>
      index < length
        ? before.write(index, to, topic, offset)
        : after.write(moved(index), to, topic, offset),
  };
}

/**
 * Returns the first event with a timestamp of `timestamp` or more. No timestamp is later than the
 * event is due, so the search begins with the first event due then.
 */
export function firstAt(source: EventSequence, timestamp: number, end: number): number {
  let index = source.firstDue(timestamp);
  while (index < end && source.timestamp(index) < timestamp) index++;
  return Math.min(index, end);
}

/** Above 2^53, adding 1 no longer changes a number, and a search in steps of 1 would never end. */
const LAST_INDEX = 2 ** 52;

/**
 * Returns the index of the first of evenly spaced times at `time` or later; `Infinity` if that is
 * millennia away.
 *
 * @param guess The index, or one near it.
 */
export function firstDueOf(due: (index: number) => number, guess: number, time: number): number {
  if (guess > LAST_INDEX) return Infinity;
  let index = Math.max(0, Math.ceil(guess));
  while (index > 0 && due(index - 1) >= time) index--;
  while (due(index) < time) index++;
  return index;
}
