import type { ReadRecord } from "../kafka/consume/read_options.ts";
import type { TopicPartition } from "../kafka/topic_partition.ts";
import type { ProducerRecord } from "../shared/producer_record.ts";
import { safeJson } from "../terminal/safe_text.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Returns bytes as text, or as base64 if they are not UTF-8. */
type Text = string | { readonly base64: string } | null;

/**
 * Returns a record as one JSON object: topic, key, partition, offset, timestamp (ms), headers and
 * value. The value is text and is not parsed, so nothing of it gets lost. All control characters
 * are escaped, so the line is safe for a terminal.
 */
export function jsonOf({ topic, partition }: TopicPartition, record: ReadRecord): string {
  return safeJson(JSON.stringify({
    topic,
    key: textOf(record.key),
    partition,
    offset: Number(record.offset),
    timestamp: Number(record.timestamp),
    headers: headersOf(record.headers),
    value: textOf(record.value),
  }));
}

/** Returns a record that is not published yet in the same form, without partition and offset. */
export function outgoingJsonOf({ topic, key, timestamp, headers, value }: ProducerRecord): string {
  return safeJson(
    JSON.stringify({
      topic,
      key: textOf(key),
      timestamp,
      headers: headersOf(headers),
      value: textOf(value),
    }),
  );
}

function headersOf(
  headers: ReadRecord["headers"] | ProducerRecord["headers"],
): Record<string, Text | Text[]> {
  const entries = Object.entries(headers ?? {}).map(([name, value]) =>
    [
      name,
      Array.isArray(value) ? value.map(textOf) : textOf(value as Uint8Array | string | undefined),
    ] as const
  );
  return Object.fromEntries(entries);
}

function textOf(bytes: Uint8Array | string | null | undefined): Text {
  if (bytes === null || bytes === undefined || typeof bytes === "string") return bytes ?? null;
  try {
    return utf8.decode(bytes);
  } catch {
    return { base64: bytes.toBase64() };
  }
}
