import { safeText } from "../cli/safe_text.ts";
import type { ReadBatch, ReadRecord } from "../kafka/reader.ts";
import { jsonOf } from "./json.ts";
import { lineOf } from "./line.ts";

/** How records are shown; each takes a line. */
export type Output = "value" | "line" | "json";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const LINE_FEED = encoder.encode("\n");

/**
 * The lines of a batch, in one piece.
 *
 * @param isTerminal Values then lose what could move the cursor; in a pipe they come byte for byte.
 */
export function outputOf(batch: ReadBatch, output: Output, isTerminal: boolean): Uint8Array {
  const parts = batch.records.flatMap((record) => [
    recordOf(batch.partition, record, output, isTerminal),
    LINE_FEED,
  ]);
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function recordOf(
  partition: number,
  record: ReadRecord,
  output: Output,
  isTerminal: boolean,
): Uint8Array {
  if (output === "line") return encoder.encode(lineOf(record));
  if (output === "json") return encoder.encode(jsonOf(partition, record));
  // As Kafka's own console consumer shows a record without a value.
  const value = record.value ?? encoder.encode("null");
  return isTerminal ? encoder.encode(safeText(decoder.decode(value))) : value;
}
