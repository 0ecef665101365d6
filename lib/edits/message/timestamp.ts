import { z } from "zod";
import { RejectedEvent } from "../../upstream/parse/event.ts";

/** A full date and time with its zone, days checked against the month; `Date.parse` takes more. */
const DATE_TIME = z.regexes.datetime({ offset: true });

/**
 * Returns `meta.dt` in ms since 1970: the record's timestamp. Digits after the third of the second
 * are cut.
 *
 * The last minute is remembered, to which the next event belongs as a rule.
 *
 * @throws {RejectedEvent} for any other text, and for a time before 1970: Kafka has no such timestamp.
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

/** As the service writes a time: UTC, to the second or to the ms. */
const USUAL = /^(.{16}:)([0-5]\d)(?:\.(\d{3}))?Z$/;
let lastMinute = "";
let lastMinuteMs = 0;

function checkedTime(dt: string): number {
  const ms = DATE_TIME.test(dt) ? Date.parse(dt) : NaN;
  if (!(ms >= 0)) throw new RejectedEvent("wrong shape: meta.dt");
  return ms;
}
