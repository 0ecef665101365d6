import { z } from "zod";
import { RejectedEvent } from "../../upstream/parse/event.ts";

/** A full date and time with zone, its day checked against the month; `Date.parse` allows more. */
const DATE_TIME = z.regexes.datetime({ offset: true });

/**
 * Converts `meta.dt` to the record's timestamp, in ms since 1970. Digits of the second after the
 * third decimal are dropped.
 *
 * The last minute is cached, since the next event is usually in the same one.
 *
 * @throws {RejectedEvent} for any other text, and for times before 1970, which Kafka does not have.
 */
export function timestampOf(dt: string): number {
  const [, minute, seconds, thousandths = "0"] = USUAL.exec(dt) ?? [];
  if (minute === undefined) return checkedTime(dt);
  if (minute !== lastMinute) {
    lastMinuteMs = checkedTime(`${minute}00Z`);
    lastMinute = minute;
  }
  return lastMinuteMs + Number(seconds) * 1000 + Number(thousandths);
}

/** The service's form of a time: UTC, to the second or to the ms. */
const USUAL = /^(.{16}:)([0-5]\d)(?:\.(\d{3}))?Z$/;
let lastMinute = "";
let lastMinuteMs = 0;

function checkedTime(dt: string): number {
  const ms = DATE_TIME.test(dt) ? Date.parse(dt) : NaN;
  if (!(ms >= 0)) throw new RejectedEvent("wrong shape: meta.dt");
  return ms;
}
