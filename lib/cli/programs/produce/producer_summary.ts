import { getLogger } from "@logtape/logtape";
import type { SavedProgress } from "../../../kafka/publish/position/saved_position.ts";
import { summaryParts } from "../../../observe/facts.ts";
import { PRODUCER_FACTS } from "../../../observe/producer_facts.ts";
import type { ProduceCounts } from "../../../produce/counts.ts";
import { Position } from "../../../upstream/position/position.ts";
import { jsonText } from "../../../terminal/safe_text.ts";
import { counted } from "../../../terminal/numbers.ts";

const log = getLogger(["wikitap", "produce"]);

/**
 * Logs one line at the end: the outcomes of all events, without zeros.
 *
 * @param did The verb for the records: `Published`.
 */
export function reportSummary(counts: ProduceCounts, did: string): void {
  log.info("{summary}", { summary: summaryText(counts, did) });
}

function summaryText(counts: ProduceCounts, did: string): string {
  const records = counted(counts.published, "record");
  const details = summaryParts(PRODUCER_FACTS.filter(({ name }) => name !== "published"), counts);
  return [`${did} ${records} of ${counted(counts.events, "event")}`, ...details].join(", ");
}

/** Formats a saved position as indented JSON, or returns a sentence if there is none. */
export function positionText(
  { group, topic }: { group: string; topic: string },
  saved: SavedProgress | undefined,
): string {
  if (saved === undefined) return `No position is saved for '${group}'\n`;
  return jsonText({ name: group, topic, ...saved, position: readable(saved.position) });
}

/** Returns a position with a list of upstream partitions instead of their compact form. */
function readable(saved: unknown): unknown {
  let position: Position;
  try {
    position = Position.fromJSON(saved);
  } catch {
    return saved;
  }
  const { places: _, ...others } = saved as Record<string, unknown>;
  const partitions = [...position.partitions].map((
    [name, { timestamp, offset, id, rejected }],
  ) => ({
    name,
    timestamp: new Date(timestamp).toISOString(),
    offset: offset < 0 ? null : offset,
    id: offset < 0 ? null : id,
    rejected,
  }));
  return { ...others, partitions };
}
