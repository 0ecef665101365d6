import { fraction } from "../../../lib/replay/random.ts";

export interface BurstOptions {
  /** Everything random follows from it. */
  readonly seed: number;
  /** Events in all, without the idle topic's canaries. */
  readonly events: number;
  /** Bursts among them (default 0). */
  readonly bursts?: number;
}

/** Events of a burst: more than 10,000, the most that a producer could hold while it resumes. */
const BURST = 12_000;
/** The minimum number of events that a burst has to itself. */
export const EVENTS_PER_BURST = 15_000;

/** Draws where the bursts are: one somewhere in each of as many stretches of the log. */
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
