import { getLogger } from "@logtape/logtape";
import type { SavedProgress } from "../kafka/saved.ts";
import type { ProduceCounts } from "../produce/counts.ts";
import { totalOf } from "./total.ts";

const log = getLogger(["wikitap", "produce"]);

/**
 * Logs one line at the end: what became of everything. Zeros are left out.
 *
 * @param did What was done with the records: `Published`.
 */
export function reportSummary(counts: ProduceCounts, did: string): void {
  log.info("{summary}", { summary: summaryText(counts, did) });
}

function summaryText(counts: ProduceCounts, did: string): string {
  const { stream, publisher } = counts;
  const facts: readonly (readonly [string, number])[] = [
    ["dropped by the filter", counts.outcomes.total("filtered")],
    ["canaries", counts.outcomes.total("canary")],
    ["refused", totalOf(counts.refused)],
    ["dead letters", counts.deadLetters],
    ["repeats dropped", stream?.repeats ?? 0],
    ["gaps upstream", stream?.gaps ?? 0],
    ["events missing there", stream?.missing ?? 0],
    ["renumberings", stream?.renumbered ?? 0],
    ["reconnects", totalOf(stream?.reconnects)],
    ["transactions aborted", publisher?.aborted ?? 0],
  ];
  const details = facts.filter(([, count]) => count > 0)
    .map(([what, count]) => `${count.toLocaleString("en")} ${what}`);
  return [
    `${did} ${counts.published.toLocaleString("en")} records of ${
      counts.events.toLocaleString("en")
    } events`,
    ...details,
  ].join(", ");
}

/** A saved position for people and programs: indented JSON, or a sentence where there is none. */
export function positionText(
  { group, topic }: { group: string; topic: string },
  saved: SavedProgress | undefined,
): string {
  if (saved === undefined) return `No position is saved of '${group}'\n`;
  return `${JSON.stringify({ name: group, topic, ...saved }, null, 2)}\n`;
}
