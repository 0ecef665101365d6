import { fraction, Random } from "../random.ts";
import type { EventLog } from "../log.ts";

/** Faults, each with the mean number of events before it. 0 or `undefined`: never. */
export interface Faults {
  /** The connection is cut within a frame, or within a character. */
  readonly cutEvery?: number | undefined;
  /** The connection stays open and silent. */
  readonly stallEvery?: number | undefined;
  /** `event: error`, and the end of the response. */
  readonly errorEvery?: number | undefined;
  /** The number of connections after which none is ended any more (default: no limit). */
  readonly maxEndings?: number | undefined;
  /** The statuses of the next attempts after each connection that was served. */
  readonly statuses?: readonly number[] | undefined;
}

/** The faults that end a connection. */
export type EndingFault = "cut" | "stall" | "error";

/** Decides event by event whether a connection ends, over all connections together. */
export class FaultDraw {
  readonly #random: Random;
  /** The number of connections that may still be ended. */
  #left: number;
  readonly #countdowns: { readonly ending: EndingFault; readonly every: number; left: number }[];

  /** Creates it; the same seed gives the same decisions. */
  constructor(
    { cutEvery, stallEvery, errorEvery, maxEndings = Infinity }: Faults,
    seed: number,
  ) {
    this.#left = maxEndings;
    this.#random = new Random(seed, 0x6661);
    const all: [EndingFault, number | undefined][] = [
      ["cut", cutEvery],
      ["stall", stallEvery],
      ["error", errorEvery],
    ];
    this.#countdowns = all.flatMap(([ending, every]) =>
      every === undefined || every === 0 ? [] : [{ ending, every, left: this.#draw(every) }]
    );
  }

  /** Returns how the connection ends with the next event, if it does. */
  next(): EndingFault | undefined {
    if (this.#left <= 0) return undefined;
    let drawn: EndingFault | undefined;
    for (const countdown of this.#countdowns) {
      if (--countdown.left > 0) continue;
      countdown.left = this.#draw(countdown.every);
      drawn ??= countdown.ending;
    }
    if (drawn !== undefined) this.#left--;
    return drawn;
  }

  /**
   * Returns an index inside a frame of `length` bytes: after at least one byte, before the last.
   */
  place(length: number): number {
    return this.#random.integer(1, length - 1);
  }

  /**
   * Returns the number of events until one with a chance of 1 in `every`: a geometric distribution.
   */
  #draw(every: number): number {
    return every <= 1 ? 1 : Math.ceil(Math.log1p(-this.#random.next()) / Math.log1p(-1 / every));
  }
}

/**
 * Returns the same log with damaged records, one in `every` on average: the event is cut off in the
 * middle and is not JSON. It keeps its offset, and is damaged the same way at every read.
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
