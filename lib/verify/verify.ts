import type { TimeMap } from "../kafka/consume/direct/time_map.ts";
import type { ProducerRecord } from "../shared/producer_record.ts";
import { MissingRecords } from "./missing.ts";
import type { VerifyOptions } from "./options.ts";
import { Piece } from "./piece.ts";
import { newReport, type VerifyReport } from "./report.ts";

/** The longest piece, in ms: 31 days, the longest time for which EventStreams keeps events. */
const MAX_PIECE_MS = 31 * 86_400_000;

/** The result of a comparison. */
export interface Verified {
  /** The counts, and examples. */
  readonly report: VerifyReport;
  /** Lost records in upstream's order: the first 100,000, or 64 MiB of them. */
  readonly lost: readonly ProducerRecord[];
}

/**
 * Compares topics with their source: reads a span of the source again, makes the records as the
 * producer does, and looks up each record of the topics among them. It changes nothing in Kafka.
 *
 * Memory: 31 to 44 bytes per expected record. A span of more than `maxRecords` is divided into
 * pieces, which are compared one after another. The first one reads the topics to their end, and
 * notes where the records of the others are.
 *
 * @throws {UserError} if the source or Kafka cannot be used, for a compacted topic, and after
 * `stop`.
 */
export async function verify(options: VerifyOptions): Promise<Verified> {
  const report = newReport(options);
  const whole = { report, missing: new MissingRecords(report), times: new Map<string, TimeMap>() };
  for (let since = options.since; since < options.until;) {
    const until = Math.min(options.until, since + MAX_PIECE_MS);
    since = await new Piece({ ...options, since, until }, whole).verify();
    report.pieces++;
  }
  if (report.expected === 0) {
    report.notes.add(
      "The source has no record in the span, so nothing was compared: check --since and the filters",
    );
  }
  return { report, lost: whole.missing.lost };
}
