import { getLogger } from "@logtape/logtape";
import type { Gap } from "./deduplicator.ts";

const log = getLogger(["wikitap", "upstream"]);

/** The most gaps that are reported one by one in a span of time, in ms. */
const MOST = 10;
const SPAN = 60_000;

/**
 * Reports gaps with their time span, at most 10 within a minute, and of those beyond the number.
 *
 * @param now Milliseconds since any moment (default `performance.now`).
 */
export function gapReporter(now: () => number = () => performance.now()): (gap: Gap) => void {
  let begun = -Infinity;
  let gaps = 0;
  return ({ key, missing, from, to }) => {
    if (now() - begun >= SPAN) {
      const more = gaps - MOST;
      if (more > 0) log.warn("{more} more gaps upstream within a minute", { more });
      begun = now();
      gaps = 0;
    }
    if (++gaps > MOST) return;
    log.warn("{missing} events of {key} are missing upstream, between {from} and {to}", {
      missing,
      key,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
    });
  };
}
