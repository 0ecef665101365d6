import { MAX_PARTITION, partitionKey, TOPIC_NAME } from "../resume/position.ts";

/** One entry of an SSE `id`: how far the service has sent one upstream topic-partition. */
export interface IdEntry {
  readonly key: string;
  /** Kafka timestamp of the last message sent, plus 1, in ms; `undefined` before the first. */
  readonly next: number | undefined;
}

/** A bound for hostile ids; a stream has two topic-partitions, ten streams together twenty. */
const MAX_ID_LENGTH = 16_384;

/**
 * Reads the `id` of a frame: a JSON list of `{topic, partition, timestamp}` or, for a
 * topic-partition that has sent nothing yet, `{topic, partition, offset: -1}` (KafkaSSE).
 * Anything else gives no entries: an id is a hint of where to resume, and never an error.
 */
export function readEventId(id: string): readonly IdEntry[] {
  if (!id.startsWith("[") || id.length > MAX_ID_LENGTH) return [];
  let list: unknown;
  try {
    list = JSON.parse(id);
  } catch {
    return [];
  }
  const entries: IdEntry[] = [];
  for (const item of Array.isArray(list) ? list : []) {
    const { topic, partition, timestamp } = (item ?? {}) as Record<string, unknown>;
    if (typeof topic !== "string" || !TOPIC_NAME.test(topic)) continue;
    if (!isCount(partition) || partition > MAX_PARTITION) continue;
    entries.push({
      key: partitionKey(topic, partition),
      next: isCount(timestamp) ? timestamp : undefined,
    });
  }
  return entries;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The `Last-Event-ID` that asks for each topic-partition from a time in ms on. */
export function writeEventId(times: Iterable<readonly [key: string, ms: number]>): string {
  const entries = [...times].map(([key, ms]) => {
    const slash = key.lastIndexOf("/");
    return { topic: key.slice(0, slash), partition: Number(key.slice(slash + 1)), timestamp: ms };
  });
  return JSON.stringify(entries);
}
