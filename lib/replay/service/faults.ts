import { fraction, Random } from "../random.ts";
import type { EventLog } from "../log.ts";

/** Faults, each with the mean number of events before it; 0 or `undefined`: never. */
export interface Faults {
  /** The connection is torn in the middle of a frame, or of a character. */
  readonly cutEvery?: number | undefined;
  /** The connection stays open and silent, for good. */
  readonly stallEvery?: number | undefined;
  /** `event: error`, and the end of the response. */
  readonly errorEvery?: number | undefined;
  /** After each connection that was served, the next attempts get these statuses, one each. */
  readonly statuses?: readonly number[] | undefined;
}

/** The faults that end a connection. */
export type Ending = "cut" | "stall" | "error";

/** Draws, event by event, whether a connection is to end with it; over all connections together. */
export class FaultDraw {
  readonly #random: Random;
  readonly #countdowns: { readonly ending: Ending; readonly every: number; left: number }[];

  constructor({ cutEvery, stallEvery, errorEvery }: Faults, seed: number) {
    this.#random = new Random(seed, 0x6661);
    const all: [Ending, number | undefined][] = [
      ["cut", cutEvery],
      ["stall", stallEvery],
      ["error", errorEvery],
    ];
    this.#countdowns = all.flatMap(([ending, every]) =>
      every === undefined || every === 0 ? [] : [{ ending, every, left: this.#draw(every) }]
    );
  }

  /** How the connection ends with the next event, if it does. */
  next(): Ending | undefined {
    let drawn: Ending | undefined;
    for (const countdown of this.#countdowns) {
      if (--countdown.left > 0) continue;
      countdown.left = this.#draw(countdown.every);
      drawn ??= countdown.ending;
    }
    return drawn;
  }

  /** A place inside a frame of `length` bytes: at least one byte of it, and not all. */
  place(length: number): number {
    return this.#random.integer(1, length - 1);
  }

  /** The number of events until one with a chance of one in `every`: a geometric distribution. */
  #draw(every: number): number {
    return every <= 1 ? 1 : Math.ceil(Math.log1p(-this.#random.next()) / Math.log1p(-1 / every));
  }
}

/**
 * The same log with one record in `every`, on average, that is no JSON any more: the event cut off
 * in the middle. It keeps its offset, and is as broken whenever it is read again.
 */
export function withGarbage(
  log: EventLog,
  { seed, every }: { readonly seed: number; readonly every: number },
): EventLog {
  return {
    ...log,
    topics: log.topics.map((topic, number) => ({
      ...topic,
      write: (index, to) => {
        const start = to.length;
        topic.write(index, to);
        if (fraction(seed, 0x6761 + number, index) >= 1 / every) return;
        to.truncate(start + Math.floor((to.length - start) / 2));
      },
    })),
  };
}
