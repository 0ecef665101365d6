import { fraction } from "../../../lib/replay/random.ts";

export interface BurstOptions {
  /** Determines everything random. */
  readonly seed: number;
  /** The number of events, without the idle topic's canaries. */
  readonly events: number;
  /** The number of bursts among them (default 0). */
  readonly bursts?: number;
}

/** Events of a burst: more than any fixed buffer of 10,000 events could hold during a resume. */
const BURST = 12_000;
/** The minimum number of events between two bursts. */
export const EVENTS_PER_BURST = 15_000;

/** Draws the positions of the bursts: one in each of as many stretches of the log. */
export function burstsOf(
  { seed, events, bursts = 0 }: BurstOptions,
): { readonly from: number; readonly to: number }[] {
  const stretch = events / bursts;
  if (stretch < EVENTS_PER_BURST) {
    throw new RangeError(
      `Cannot place ${bursts} bursts in ${events} events: each takes ${EVENTS_PER_BURST}`,
    );
  }
  return Array.from({ length: bursts }, (_, burst) => {
    const place = fraction(seed, 0x6368_0005, burst) * (stretch - BURST);
    const from = Math.floor(burst * stretch + place);
    return { from, to: from + BURST };
  });
}
