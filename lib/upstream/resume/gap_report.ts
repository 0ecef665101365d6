import { getLogger } from "@logtape/logtape";
import type { Gap } from "./repeats.ts";

const log = getLogger(["wikitap", "upstream"]);

/** So many gaps are told one by one in each span of so many ms. */
const MOST = 10;
const SPAN = 60_000;

/** Tells gaps with their time span: each, or where they come by the dozen the others as a number. */
export function gapReporter(now: () => number): (gap: Gap) => void {
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
      ...{ missing, key },
      ...{ from: new Date(from).toISOString(), to: new Date(to).toISOString() },
    });
  };
}
