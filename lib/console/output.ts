import type { ReadRecord } from "../kafka/consume/read_options.ts";
import type { TopicPartition } from "../kafka/topic_partition.ts";
import { safeText } from "../terminal/safe_text.ts";
import { jsonOf } from "./json.ts";
import { lineOf } from "./line.ts";

/** The formats of records; each record takes one line. */
export type Output = "value" | "line" | "json";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NULL = encoder.encode("null");

/**
 * Formats a record, without a line feed.
 *
 * @param isTerminal Replaces control characters in values. In a pipe, values are unchanged.
 */
export function bytesOf(
  at: TopicPartition,
  record: ReadRecord,
  output: Output,
  isTerminal: boolean,
): Uint8Array {
  if (output === "line") return encoder.encode(lineOf(record));
  if (output === "json") return encoder.encode(jsonOf(at, record));
  // As in Kafka's own console consumer.
  const value = record.value ?? NULL;
  return isTerminal ? encoder.encode(safeText(decoder.decode(value))) : value;
}
