import type { Random } from "../../../lib/replay/random.ts";

/**
 * How long a process is frozen, in ms: longer than the producer's transaction timeout of 30 s and
 * the time until the broker looks for such transactions ({@linkcode ABORT_CHECK_MS}).
 */
export const FREEZE = { min: 33_000, max: 38_000 } as const;
/** `transaction.abort.timed.out.transaction.cleanup.interval.ms`; 10 s by default. */
export const ABORT_CHECK_MS = 1000;

/** Returns the requested number of each kind, in random order. */
export function planOf<Kind extends string>(
  counts: Readonly<Record<Kind, number>>,
  random: Random,
): Kind[] {
  const left = new Map(Object.entries(counts) as [Kind, number][]);
  const plan: Kind[] = [];
  while (true) {
    const kinds = [...left].flatMap(([kind, weight]) => weight > 0 ? [{ kind, weight }] : []);
    if (kinds.length === 0) return plan;
    const { kind, weight } = random.weighted(kinds);
    left.set(kind, weight - 1);
    plan.push(kind);
  }
}
