import { MAX_PARTITION, MAX_TRACKED, TOPIC_NAME, upstreamPartition } from "../position/position.ts";

/** One entry of an SSE `id`: how much of one upstream topic-partition the service has sent. */
export interface IdEntry {
  /** The upstream topic. */
  readonly topic: string;
  /** The partition of the topic. */
  readonly partition: number;
  /** Upstream topic and partition, as in {@linkcode upstreamPartition}. */
  readonly key: string;
  /** Kafka timestamp of the last message sent, plus 1, in ms; `undefined` before the first. */
  readonly next: number | undefined;
}

/** The maximum length of an id, in characters, against hostile ids. */
const MAX_ID_LENGTH = 262_144;
/**
 * The maximum number of entries: more than any position holds, so that the position rejects them.
 */
const MAX_ENTRIES = MAX_TRACKED + 1;

/**
 * Parses the `id` of a frame: a JSON list of `{topic, partition, timestamp}` or, for a
 * topic-partition that has sent nothing yet, `{topic, partition, offset: -1}` (KafkaSSE).
 * Anything else yields no entries: an id is a hint where to resume, and never an error. So does an
 * id of more than 262,144 characters. Entries after the first 1,025 are ignored.
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
  for (const item of Array.isArray(list) ? list.slice(0, MAX_ENTRIES) : []) {
    const { topic, partition, timestamp } = (item ?? {}) as Record<string, unknown>;
    if (typeof topic !== "string" || !TOPIC_NAME.test(topic)) continue;
    if (!isCount(partition) || partition > MAX_PARTITION) continue;
    entries.push({
      topic,
      partition,
      key: upstreamPartition(topic, partition),
      next: isCount(timestamp) ? timestamp : undefined,
    });
  }
  return entries;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Writes the `Last-Event-ID` that requests each topic-partition from a time on, in ms. */
export function writeEventId(times: Iterable<readonly [key: string, ms: number]>): string {
  const entries = [...times].map(([key, ms]) => {
    const slash = key.lastIndexOf("/");
    return { topic: key.slice(0, slash), partition: Number(key.slice(slash + 1)), timestamp: ms };
  });
  return JSON.stringify(entries);
}
