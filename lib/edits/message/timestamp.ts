import { z } from "zod";
import { RefusedEvent } from "../../upstream/parse/event.ts";

/** A full date and time with its zone, days checked against the month; `Date.parse` takes more. */
const DATE_TIME = z.regexes.datetime({ offset: true });

/**
 * `meta.dt` in ms since 1970: the record's timestamp. Digits after the third of the second are cut.
 *
 * @throws {RefusedEvent} for what is not such a date, or is before 1970: Kafka has no such timestamp.
 */
export function timestampOf(dt: string): number {
  const ms = DATE_TIME.test(dt) ? Date.parse(dt) : NaN;
  if (!(ms >= 0)) throw new RefusedEvent("wrong shape: meta.dt");
  return ms;
}
