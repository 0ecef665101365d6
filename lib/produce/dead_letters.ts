import type { ProducerRecord } from "../shared/producer_record.ts";
import { acceptedTimes } from "../kafka/publish/rejection.ts";

/** A rejected event with its upstream position. */
export interface RejectedSource {
  /** The upstream data, JSON or not. */
  readonly data: Uint8Array;
  /** Upstream topic and partition: `eqiad.mediawiki.recentchange/0`. */
  readonly key: string;
  /** `undefined` if the event could not be read. */
  readonly offset: number | undefined;
}

/** A dead letter is not cut below this, in bytes. */
const LEAST_BYTES = 1024;

/** Kafka's mark for a record without a timestamp, which every topic accepts. */
const NO_TIMESTAMP = -1;

/**
 * Makes the dead letter of a rejected event. Its value is unchanged. Headers hold the reason and
 * the upstream position (`wikitap.reason`, `wikitap.topic`, `wikitap.partition`, `wikitap.offset`).
 * Its timestamp is the time of the rejection, since the event's own may be the reason.
 *
 * @param now ms since 1970.
 */
export function deadLetter(
  topic: string,
  { data, key, offset }: RejectedSource,
  reason: string,
  now: number = Date.now(),
): ProducerRecord {
  const slash = key.lastIndexOf("/");
  const headers: Record<string, Uint8Array> = {
    "wikitap.reason": utf8(reason),
    "wikitap.topic": utf8(key.slice(0, slash)),
    "wikitap.partition": utf8(key.slice(slash + 1)),
  };
  if (offset !== undefined) headers["wikitap.offset"] = utf8(String(offset));
  return {
    topic,
    key: null,
    value: data.slice(),
    timestamp: now,
    headers,
    deadLetter: { bytes: data.length, isRetimed: false },
  };
}

/**
 * Changes a dead letter that Kafka rejects. One that is too large is cut to half; the header
 * `wikitap.cut` has the bytes that it had. A timestamp that the broker's clock rejects becomes the
 * nearest one that it accepts, or else none.
 *
 * @param detail The broker's message, which has the times that it accepts.
 * @returns `undefined` if nothing is left to change.
 */
export function changedLetter(
  letter: ProducerRecord,
  reason: string,
  detail?: string | null,
): ProducerRecord | undefined {
  const { value, timestamp, deadLetter } = letter;
  if (deadLetter === undefined) return undefined;
  if (reason === "INVALID_TIMESTAMP") {
    const times = deadLetter.isRetimed ? undefined : acceptedTimes(detail ?? null);
    const next = times === undefined
      ? NO_TIMESTAMP
      : Math.min(Math.max(timestamp, times.min), times.max);
    if (next === timestamp) return undefined;
    return { ...letter, timestamp: next, deadLetter: { ...deadLetter, isRetimed: true } };
  }
  if (!/_TOO_LARGE$/.test(reason)) return undefined;
  if (value.length < LEAST_BYTES) return undefined;
  const headers = { ...letter.headers, "wikitap.cut": utf8(String(deadLetter.bytes)) };
  return { ...letter, value: value.subarray(0, value.length / 2), headers };
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
