import { getLogger } from "@logtape/logtape";
import type { Gap } from "./deduplicator.ts";

const log = getLogger(["wikitap", "upstream"]);

/** The number of gaps that are reported one by one per `SPAN`, which is in ms. */
const MOST = 10;
const SPAN = 60_000;

/**
 * Returns a function that logs gaps with their time span: at most 10 per minute, then the number of
 * the others.
 *
 * @param now Returns monotonic time in ms (default `performance.now`).
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
