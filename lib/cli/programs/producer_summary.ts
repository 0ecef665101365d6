import { getLogger } from "@logtape/logtape";
import type { SavedProgress } from "../../kafka/publish/saved_position.ts";
import type { ProduceCounts } from "../../produce/counts.ts";
import { counted } from "../../terminal/status_line.ts";
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
  /** A count, what is counted, and the same in the plural where that differs. */
  const facts: readonly (readonly [count: number, one: string, several?: string])[] = [
    [counts.outcomes.total("filtered"), "dropped by the filter"],
    [counts.outcomes.total("canary"), "canary", "canaries"],
    [totalOf(counts.refused), "refused"],
    [counts.deadLetters, "dead letter", "dead letters"],
    [stream?.repeats ?? 0, "repeat dropped", "repeats dropped"],
    [stream?.gaps ?? 0, "gap upstream", "gaps upstream"],
    [stream?.missing ?? 0, "event missing there", "events missing there"],
    [stream?.renumbered ?? 0, "renumbering", "renumberings"],
    [totalOf(stream?.reconnects), "reconnect", "reconnects"],
    [publisher?.aborted ?? 0, "transaction aborted", "transactions aborted"],
  ];
  const details = facts.filter(([count]) => count > 0).map(([count, one, several = one]) =>
    `${count.toLocaleString("en")} ${count === 1 ? one : several}`
  );
  return [
    `${did} ${counted(counts.published, "record")} of ${counted(counts.events, "event")}`,
    ...details,
  ].join(", ");
}

/** Formats a saved position as indented JSON, or returns a sentence if there is none. */
export function positionText(
  { group, topic }: { group: string; topic: string },
  saved: SavedProgress | undefined,
): string {
  if (saved === undefined) return `No position is saved of '${group}'\n`;
  return `${JSON.stringify({ name: group, topic, ...saved }, null, 2)}\n`;
}
