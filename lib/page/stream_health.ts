import type { StreamHealth } from "./wire.ts";

/** What the health is told by; times in ms since the epoch. */
export interface HealthInput {
  readonly now: number;
  /** When Kafka last answered, with records or without. */
  readonly lastAnswer: number | null;
  /** All that was in the topic at the start has been read. */
  readonly hasCaughtUp: boolean;
  /** When the last edit came. */
  readonly lastEdit: number | null;
  /** How long after they were made the last edits came, in ms. */
  readonly lag: number | null;
  /** The mean time between edits, in ms, before the last one. */
  readonly gap: number;
}

/** Kafka is asked for records all the time, and answers each 250 ms even without any (ms). */
const ANSWER_LIMIT = 5000;
/** Edits that come later than this after they were made are no live ones, in ms. */
const LAG_LIMIT = 60_000;

/** See {@linkcode StreamHealth}. */
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
 * The silence that is not chance: 20 mean gaps (a random stream is as silent once in 500 million
 * gaps), from 15 s to 10 min, in ms. A topic of one small wiki may rest for minutes.
 */
export function silenceLimit(gap: number): number {
  return Math.min(Math.max(20 * gap, 15_000), 600_000);
}
