import { Random } from "../../../lib/replay/random.ts";

/** The errors of clocks, in ms: a minute (which NTP corrects), a sleep, a zone, a day. */
const SKEWS = [61_000, 600_000, 7_200_000, 86_400_000] as const;
/** The maximum number of steps for one process. */
const MAX_STEPS = 100;

/** Draws the clocks of producers: each may start with a wrong one, and it steps while it runs. */
export class ClockSteps {
  readonly #seed: number;
  readonly #every: number;

  /** @param every Mean time between two steps, in ms; `Infinity` if the clock is right. */
  constructor({ seed, every }: { readonly seed: number; readonly every: number }) {
    this.#seed = seed;
    this.#every = every;
  }

  /** Returns the flags of a start, counted from 1. */
  flags(start: number): string[] {
    if (this.#every === Infinity) return [];
    const random = new Random(this.#seed, 0x6368_1000 + start);
    const steps: [at: number, skew: number][] = [];
    let at = random.chance(0.5) ? 0 : random.next() * this.#every;
    for (let wasWrong = false; steps.length < MAX_STEPS; wasWrong = !wasWrong) {
      const skew = wasWrong && random.chance(0.5) ? 0 : random.pick(SKEWS);
      steps.push([Math.round(at), random.chance(0.5) ? skew : -skew]);
      at += 2 * random.next() * this.#every;
    }
    const module = import.meta.resolve("./skewed_clock.ts");
    return [`--preload=${module}?${encodeURIComponent(JSON.stringify(steps))}`];
  }

  /** Counts the steps that a producer saw, by its output. */
  static count(output: string): number {
    return output.match(/^clock: -?\d+ ms$/gm)?.length ?? 0;
  }
}
