import type { StreamHealth } from "./wire.ts";

/** The facts that determine the health; times in ms since 1970. */
export interface HealthInput {
  /** The current time. */
  readonly now: number;
  /** When Kafka last answered, with or without records. */
  readonly lastAnswer: number | null;
  /** Whether everything in the topic at the start has been read. */
  readonly hasCaughtUp: boolean;
  /** When the last edit was received. */
  readonly lastEdit: number | null;
  /** The delay of the last edits after they were made, in ms. */
  readonly lag: number | null;
  /** The mean time between edits before the last one, in ms. */
  readonly gap: number;
}

/**
 * The longest normal silence of Kafka, in ms. Fetches are continuous, and answered within 250 ms.
 */
const ANSWER_LIMIT = 5000;
/** Edits with a larger lag are not live, in ms. */
const LAG_LIMIT = 60_000;

/** Returns the health of the stream; see {@linkcode StreamHealth}. */
export function streamHealth(signs: HealthInput): StreamHealth {
  const { now, lastAnswer, hasCaughtUp, lastEdit, lag, gap } = signs;
  if (lastAnswer === null) return "connecting";
  if (now - lastAnswer > ANSWER_LIMIT) return "away";
  if (!hasCaughtUp) return "loading";
  if (lastEdit === null) return "waiting";
  if (now - lastEdit > silenceLimit(gap)) return "silent";
  return lag !== null && lag > LAG_LIMIT ? "behind" : "live";
}

/**
 * Returns the longest silence that may be chance, in ms: 20 mean gaps (a random stream is silent
 * for longer once in 500 million gaps), from 15 s to 10 min. A topic of one small wiki may be idle
 * for minutes.
 */
export function silenceLimit(gap: number): number {
  return Math.min(Math.max(20 * gap, 15_000), 600_000);
}
