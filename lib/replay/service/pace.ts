import type { EventLog, TopicLog } from "../log.ts";

/**
 * When records appear:
 *
 * - `wall-clock`: at their own time;
 * - `first-client`: at the log's own speed from the first connection on, so that a finite log does
 *   not pass before a client reads it;
 * - `at-once`: all exist from the beginning, which is also where `from now on` is.
 */
export type ReplayPace = "wall-clock" | "first-client" | "at-once";

/** The records of a log that exist by now. */
export interface Availability {
  /** Returns the time on the log's own clock, in ms; `Infinity` if all records exist. */
  now(): number;
  /** Returns the index after the last record of a topic that exists. */
  available(log: TopicLog): number;
  /** Returns the index that `from now on` means in a topic. */
  fromNowOn(log: TopicLog): number;
  /** Notes the first client. */
  begin(): void;
}

/**
 * Returns the availability of a log's records.
 *
 * @param clock Returns the time in ms.
 */
export function availability(
  { origin }: EventLog,
  pace: ReplayPace,
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
