import type { ReadRecord } from "../kafka/consume/reader.ts";
import type { TopicPartition } from "../kafka/requests/offsets.ts";
import { safeText } from "../terminal/safe_text.ts";
import { jsonOf } from "./json.ts";
import { lineOf } from "./line.ts";

/** How records are shown; each takes a line. */
export type Output = "value" | "line" | "json";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NULL = encoder.encode("null");

/**
 * A record as it is shown, without a line feed.
 *
 * @param isTerminal Values then lose what could move the cursor; in a pipe they come byte for byte.
 */
export function bytesOf(
  at: TopicPartition,
  record: ReadRecord,
  output: Output,
  isTerminal: boolean,
): Uint8Array {
  if (output === "line") return encoder.encode(lineOf(record));
  if (output === "json") return encoder.encode(jsonOf(at, record));
  // As Kafka's own console consumer shows a record without a value.
  const value = record.value ?? NULL;
  return isTerminal ? encoder.encode(safeText(decoder.decode(value))) : value;
}
