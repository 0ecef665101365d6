import { getLogger } from "@logtape/logtape";
import type { SavedProgress } from "../kafka/saved.ts";
import type { ProduceCounts } from "../produce/counts.ts";

const log = getLogger(["wikitap", "produce"]);

/**
 * One line at the end: what became of everything. Zeros are left out.
 *
 * @param did What was done with the records (default `Published`).
 */
export function reportSummary(counts: ProduceCounts, did?: string): void {
  log.info("{summary}", { summary: summaryText(counts, did) });
}

/** See {@linkcode reportSummary}. */
export function summaryText(counts: ProduceCounts, did = "Published"): string {
  const { stream, publisher } = counts;
  const refused = [...counts.refused.values()].reduce((sum, count) => sum + count, 0);
  const reconnects = [...stream?.reconnects.values() ?? []].reduce((sum, count) => sum + count, 0);
  const facts: readonly (readonly [string, number])[] = [
    ["dropped by the filter", counts.outcomes.total("filtered")],
    ["canaries", counts.outcomes.total("canary")],
    ["refused", refused],
    ["dead letters", counts.deadLetters],
    ["repeats dropped", stream?.repeats ?? 0],
    ["gaps upstream", stream?.gaps ?? 0],
    ["events missing there", stream?.missing ?? 0],
    ["renumberings", stream?.renumbered ?? 0],
    ["reconnects", reconnects],
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
