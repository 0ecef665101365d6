import { digits } from "./digits.ts";
import { hash64 } from "./hash.ts";

/** Precedes a fingerprint where a `meta.id` can stand, too. */
const MARK = "#";
const FINGERPRINT = /^#[\w-]{8}$/;

/**
 * Whether an event has the id of an anchor, which is a whole `meta.id`, or what
 * {@linkcode shortened} left of it.
 */
export function hasId(anchor: string, id: string): boolean {
  return anchor === id || (FINGERPRINT.test(anchor) && anchor === shortened(id));
}

/** Shortens an id to the 9 characters that a saved position has room for: `#` and a fingerprint. */
export function shortened(id: string): string {
  return id === "" || FINGERPRINT.test(id) ? id : `${MARK}${fingerprint(id)}`;
}

/**
 * Hashes a text to 48 bits, as 8 characters of base64url. Of 100,000 other texts, one has the same
 * with a probability of 4 in 10 billion; an anchor has to agree in its offset, too.
 */
export function fingerprint(text: string): string {
  const halves = new Uint32Array(2);
  hash64(text, 0, halves);
  return digits((halves[0]! >>> 16) * 2 ** 32 + halves[1]!, 8);
}
