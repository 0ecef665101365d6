import type { EventLog, TopicLog } from "../log.ts";

/**
 * When records appear:
 *
 * - `wall-clock`: at their own time;
 * - `first-client`: at the log's own speed, from the first connection on, so that a log that ends
 *   is not half over before somebody listens;
 * - `at-once`: all are there from the beginning, which is also where `from now on` is.
 */
export type Pace = "wall-clock" | "first-client" | "at-once";

/** Which records of a log are there by now. */
export interface Availability {
  /** The log's own clock (ms), `Infinity` where all is there. */
  now(): number;
  /** The index behind the last record of a topic that is there. */
  available(log: TopicLog): number;
  /** Where `from now on` is in a topic. */
  fromNowOn(log: TopicLog): number;
  /** The first client is there. */
  begin(): void;
}

/** @param clock The time in ms. */
export function availability(
  { origin }: EventLog,
  pace: Pace,
  clock: () => number,
): Availability {
  let begun: number | undefined;
  const now = {
    "wall-clock": clock,
    "first-client": () => origin + (begun === undefined ? 0 : clock() - begun),
    "at-once": () => Infinity,
  }[pace];
  const available = (log: TopicLog) =>
    pace === "at-once" ? log.end : Math.max(log.first, log.firstDue(Math.floor(now()) + 1));
  const fromNowOn = (log: TopicLog) =>
    pace === "at-once" ? log.first : Math.max(log.first, log.firstDue(now()));
  return { now, available, fromNowOn, begin: () => void (begun ??= clock()) };
}
