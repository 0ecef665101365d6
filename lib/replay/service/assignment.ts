import type { TopicLog } from "../log.ts";
import { httpError, kafkaSseError } from "./refusal.ts";

/** The position at which a connection begins to read one topic. */
export interface Assignment {
  /** The topic to read. */
  readonly log: TopicLog;
  /** The index of the first record to send. */
  readonly index: number;
  /** The topic's entry in `id` before its first event: an offset, or -1 for `from now on`. */
  readonly offset: number;
}

/** The streams and the position that a client requests. */
export interface Request {
  /** The topics of the requested streams. */
  readonly topics: readonly TopicLog[];
  /** The `since` parameter. */
  readonly since: string | undefined;
  /** The `Last-Event-ID` header. */
  readonly lastEventId: string | undefined;
  /** Returns the index after a topic's last record that exists by now. */
  readonly available: (log: TopicLog) => number;
  /** Returns the index that `from now on` means in a topic. */
  readonly fromNowOn: (log: TopicLog) => number;
}

type Entry = { readonly topic: string; readonly partition: number } & Place;
type Place = { readonly offset: number } | { readonly timestamp: number };

/**
 * Returns where to begin, by the service's rules (`KafkaSSE.js`, `utils.js` and `routes/stream.js`
 * of wikimedia/KafkaSSE and mediawiki-services-eventstreams):
 *
 * - `Last-Event-ID` takes precedence over `since`. Without either, it is from now on.
 * - A timestamp means the first offset whose Kafka timestamp is at least that, or from now on if
 *   there is none yet. An offset means itself, or from now on if it does not exist.
 * - A topic that `Last-Event-ID` leaves out is not read.
 * - Before the first event of a topic, its entry in `id` is the offset that was found, or -1.
 *
 * @throws {Refusal} 400 for an invalid request, 404 for a topic of other streams.
 */
export function assign(request: Request): Assignment[] {
  const { topics, since, lastEventId } = request;
  const timestamp = parseSince(since);
  const otherwise: Place = timestamp === undefined ? { offset: -1 } : { timestamp };
  const entries = lastEventId === undefined
    ? topics.map(({ topic, partition }) => ({ topic, partition, ...otherwise }))
    : parseLastEventId(lastEventId, otherwise);
  const unknown = entries.filter(({ topic }) => topics.every((log) => log.topic !== topic));
  if (unknown.length > 0) {
    const names = [...new Set(unknown.map(({ topic }) => topic))].join(", ");
    const message = `Topics ${names} are not available for consumption.`;
    throw kafkaSseError(404, "TopicNotAvailableError", message);
  }
  const assigned = new Map<TopicLog, Assignment>();
  for (const entry of entries) {
    const log = topics.find(({ topic, partition }) =>
      topic === entry.topic && partition === entry.partition
    );
    if (log !== undefined) assigned.set(log, place(log, entry, request));
  }
  return [...assigned.values()];
}

function place(log: TopicLog, wanted: Place, { available, fromNowOn }: Request): Assignment {
  if ("offset" in wanted) {
    const { offset } = wanted;
    // As with Kafka's auto.offset.reset, an offset that was deleted means the end.
    const gone = offset !== -2 && offset < log.offset(log.first);
    if (offset === -1 || gone) return { log, index: fromNowOn(log), offset };
    const index = offset === -2 ? log.first : Math.min(log.firstFrom(offset), available(log));
    return { log, index, offset };
  }
  const index = Math.max(log.first, log.firstAt(wanted.timestamp));
  const end = available(log);
  return index < end ? { log, index, offset: log.offset(index) } : { log, index: end, offset: -1 };
}

function parseSince(since: string | undefined): number | undefined {
  if (since === undefined || since === "") return undefined;
  const timestamp = Number.isNaN(Number(since)) ? Date.parse(since) : Number(since);
  if (Number.isFinite(timestamp)) return timestamp;
  throw httpError(
    400,
    "invalid_timestamp",
    "Invalid timestamp",
    `since timestamp is not a UTC milliseconds unix epoch and was not parseable: '${since}'`,
  );
}

function parseLastEventId(text: string, otherwise: Place): Entry[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw kafkaSseError(400, "InvalidAssignmentError", message);
  }
  if (Array.isArray(parsed) && parsed.length > 0 && parsed.every(isEntry)) {
    return parsed.map((entry) =>
      typeof entry === "string" ? { topic: entry, partition: 0, ...otherwise } : entry
    );
  }
  throw kafkaSseError(
    400,
    "InvalidAssignmentError",
    "Must provide either an array topic names, or an array of objects with topic, partition and offset|timestamp.",
  );
}

function isEntry(entry: unknown): entry is Entry | string {
  if (typeof entry === "string") return true;
  if (typeof entry !== "object" || entry === null) return false;
  const { topic, partition, offset, timestamp } = entry as Record<string, unknown>;
  return typeof topic === "string" && Number.isInteger(partition) &&
    (Number.isInteger(offset) || Number.isInteger(timestamp));
}
