import { digits } from "./digits.ts";
import { hash64 } from "./hash.ts";

/** Precedes a fingerprint, where a whole `meta.id` is possible too. */
const MARK = "#";
const FINGERPRINT = /^#[\w-]{8}$/;

/**
 * Returns whether an event has the id of an anchor. An anchor's id is a whole `meta.id`, or the
 * result of {@linkcode shortened}.
 */
export function hasId(anchor: string, id: string): boolean {
  return anchor === id || (FINGERPRINT.test(anchor) && anchor === shortened(id));
}

/** Shortens an id to 9 characters, `#` and a fingerprint, so that a saved position stays small. */
export function shortened(id: string): string {
  return id === "" || FINGERPRINT.test(id) ? id : `${MARK}${fingerprint(id)}`;
}

/**
 * Hashes a text to 48 bits, as 8 characters of base64url. The probability that one of 100,000 other
 * texts has the same hash is 4 in 10 billion. An anchor's offset must match too.
 */
export function fingerprint(text: string): string {
  const halves = new Uint32Array(2);
  hash64(text, 0, halves);
  return digits((halves[0]! >>> 16) * 2 ** 32 + halves[1]!, 8);
}
