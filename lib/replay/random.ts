// Repeatable randomness: everything here is a pure function of its seed.

const TWO_32 = 2 ** 32;

function mix(state: number, value: number): number {
  let h = state ^ value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Returns 32 evenly distributed bits for `index` (up to 2^53) in the sequence `salt`. */
export function hash(seed: number, salt: number, index: number): number {
  const state = mix(mix(mix(0x9e3779b9, seed), salt), index >>> 0);
  return mix(state, (index / TWO_32) >>> 0) >>> 0;
}

/** Returns {@linkcode hash} as a number from 0 to below 1. */
export function fraction(seed: number, salt: number, index: number): number {
  return hash(seed, salt, index) / TWO_32;
}

const HEX = new TextEncoder().encode("0123456789abcdef");
const UUID_FORM = new TextEncoder().encode("00000000-0000-4000-8000-000000000000");
/** The variable digits of the form: all but version and variant. */
const UUID_PLACES = Uint8Array.from([...UUID_FORM.keys()].filter((at) => UUID_FORM[at] === 48));

/**
 * Returns a UUID (version 4 in form) for `index` in the sequence `salt`, in ASCII.
 *
 * @param text Receives it: a previous UUID that is not needed any more. Default: new memory.
 */
export function uuid(
  seed: number,
  salt: number,
  index: number,
  text: Uint8Array = UUID_FORM.slice(),
): Uint8Array {
  let state = hash(seed, salt, index);
  let bits = state;
  for (let digit = 0; digit < UUID_PLACES.length; digit++) {
    if (digit % 8 === 0) bits = state = mix(state, digit + index);
    text[UUID_PLACES[digit]!] = HEX[bits & 15]!;
    bits >>>= 4;
  }
  return text;
}

/** A sequence of random choices. */
export class Random {
  readonly #seed: number;
  readonly #salt: number;
  #drawn = 0;

  /** Creates a sequence; `salt` distinguishes sequences of one seed. */
  constructor(seed: number, salt = 0) {
    this.#seed = seed;
    this.#salt = salt;
  }

  /** Returns a number from 0 to below 1. */
  next(): number {
    return fraction(this.#seed, this.#salt, this.#drawn++);
  }

  /** Returns a whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** Returns true with a probability of `share`. */
  chance(share: number): boolean {
    return this.next() < share;
  }

  /** Returns one of `choices`, which must not be empty. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.integer(0, choices.length - 1)] as T;
  }

  /** Returns one of `choices`, with probabilities in proportion to `weight`. */
  weighted<T extends { readonly weight: number }>(choices: readonly T[]): T {
    let left = this.next() * choices.reduce((sum, { weight }) => sum + weight, 0);
    return choices.find(({ weight }) => (left -= weight) < 0) ?? choices.at(-1) as T;
  }
}
