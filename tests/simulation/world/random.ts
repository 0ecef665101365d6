/**
 * Repeatable randomness: sfc32, 128 bits of state. Each part of a history draws from a fork of its
 * own, so that leaving a fault out does not change what the other parts draw.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d = 1;

  constructor(seed: number, label = "") {
    this.#a = seed | 0;
    this.#b = hash(label);
    this.#c = Math.floor(seed / 2 ** 32) | 0;
    for (let i = 0; i < 12; i++) this.next();
  }

  /** Returns a generator that depends only on this one's seed and the label. */
  static of(seed: number, ...labels: readonly (string | number)[]): Random {
    return new Random(seed, labels.join("/"));
  }

  /** Returns a number from 0 to below 1. */
  readonly next = (): number => {
    const sum = (this.#a + this.#b + this.#d++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0;
    return (sum >>> 0) / 2 ** 32;
  };

  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability;
  }

  /** Returns an integer from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  between(min: number, max: number): number {
    return min + this.next() * (max - min);
  }

  /**
   * Returns a number from `min` to `max` whose logarithm is uniform, so that all magnitudes occur.
   */
  magnitude(min: number, max: number): number {
    return min * Math.exp(this.next() * Math.log(max / min));
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)]!;
  }

  uuid(): string {
    const digits = () => Math.floor(this.next() * 2 ** 32).toString(16).padStart(8, "0");
    const text = digits() + digits() + digits() + digits();
    return text.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, "$1-$2-4$3-8$4-$5");
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return value | 0;
}
