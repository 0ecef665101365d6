import { UserError } from "../shared/error.ts";
import type { ByteBuffer } from "./byte_buffer.ts";
import { type EventLog, streamsOf, type TopicLog } from "./log.ts";

/** How to play a recording. */
export interface RecordingOptions {
  /** The name of the recording in errors. */
  readonly name: string;
  /** Events per second at which it plays (default 40). */
  readonly rate?: number;
  /** The number of events that are used (default: all). */
  readonly count?: number;
}

/**
 * The longest frame or line of a recording, in characters: the service's own limit for an event.
 */
const LONGEST = 8 * 1024 * 1024;

const HINT = "A recording is what the service sends (event:, id: and data: lines), " +
  "or one event of EventStreams a line, as JSON";

/** One event of a recording, or a damaged frame. */
interface Recorded {
  readonly topic: string;
  readonly offset: number;
  readonly timestamp: number;
  readonly due: number;
  readonly bytes: Uint8Array;
  /** The bytes are a whole frame, damaged, and not only its data. */
  readonly verbatim: boolean;
}

/**
 * Reads a recording into a log: raw SSE as the service sends it, or JSON lines. All of it is kept
 * in memory.
 *
 * Damage is preserved: a frame that the service would not write (several data lines, or half a
 * frame at the end) is sent unchanged, and bad JSON stays bad. Such a record gets the topic, the
 * next offset and the timestamp of its predecessor.
 *
 * @throws {UserError} if there are no events, or if a frame is longer than 8 Mi characters.
 */
export function readRecording(text: string, options: RecordingOptions): EventLog {
  const { name, rate = 40, count = Infinity } = options;
  const plain = text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n");
  const pieces = plain.trimStart().startsWith("{") ? lines(plain) : frames(plain);
  const topics = new Set<string>();
  const found: Recorded[] = [];
  let last: Position = { topic: "", offset: -1, timestamp: 0 };
  for (const piece of pieces) {
    if (found.length >= count) break;
    if (piece.text.length > LONGEST) {
      throw new UserError(`Cannot use recording '${name}': an event is larger than 8 MiB`);
    }
    const ids = parseIds(piece.id);
    for (const { topic } of ids) topics.add(topic);
    last = positionOf(piece, ids) ?? { ...last, offset: last.offset + 1 };
    // Pieces before the first event with a topic cannot be assigned to one.
    if (last.topic === "") continue;
    topics.add(last.topic);
    found.push({
      ...last,
      due: Math.floor(found.length * 1000 / rate),
      bytes: encoder.encode(piece.text),
      verbatim: piece.verbatim,
    });
  }
  if (found.length === 0) {
    throw new UserError(`Cannot use recording '${name}': it has no events`, { hint: HINT });
  }
  return { origin: 0, topics: [...topics].map((topic) => topicLog(topic, found)) };
}

interface Piece {
  /** An event's JSON, or a whole damaged frame. */
  readonly text: string;
  readonly id: string | undefined;
  readonly verbatim: boolean;
}

interface Position {
  readonly topic: string;
  readonly offset: number;
  readonly timestamp: number;
}

const encoder = new TextEncoder();

function* lines(text: string): Generator<Piece> {
  for (const line of text.split("\n")) {
    if (line.trim() !== "") yield { text: line, id: undefined, verbatim: false };
  }
}

function* frames(text: string): Generator<Piece> {
  const blocks = text.split(/\n{2,}/);
  for (const [number, block] of blocks.entries()) {
    const frame = block.replace(/^\n?(:.*\n?)*/, "");
    if (frame.trim() === "") continue;
    const [, id, data] = /^event: message\nid: (.*)\ndata: (.*)\n?$/.exec(frame) ?? [];
    if (data !== undefined) yield { text: data, id, verbatim: false };
    // Without the empty line after it, a frame is incomplete.
    else yield { text: number < blocks.length - 1 ? `${frame}\n\n` : frame, id, verbatim: true };
  }
}

interface Id {
  readonly topic: string;
  readonly timestamp?: number;
}

function parseIds(text: string | undefined): readonly Id[] {
  const parsed = text === undefined ? [] : parse(text);
  return Array.isArray(parsed) ? parsed.filter((id) => typeof id?.topic === "string") : [];
}

/** Returns topic and offset of an event, with the timestamp of its `id`, or `meta.dt`. */
function positionOf(piece: Piece, ids: readonly Id[]): Position | undefined {
  const event = piece.verbatim ? undefined : parse(piece.text);
  const meta = event?.["meta"] as Record<string, unknown> | undefined;
  if (typeof meta?.["topic"] !== "string" || !Number.isSafeInteger(meta["offset"])) {
    return undefined;
  }
  const next = ids.find(({ topic }) => topic === meta["topic"])?.timestamp;
  const timestamp = next === undefined ? Date.parse(String(meta["dt"])) : next - 1;
  if (!Number.isFinite(timestamp)) return undefined;
  return { topic: meta["topic"], offset: meta["offset"] as number, timestamp };
}

// deno-lint-ignore no-explicit-any -- JSON from outside: every use of it checks what it needs
function parse(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function topicLog(topic: string, all: readonly Recorded[]): TopicLog {
  const found = all.filter((event) => event.topic === topic);
  const end = found.length;
  const first = (matches: (event: Recorded) => boolean) => {
    const index = found.findIndex(matches);
    return index < 0 ? end : index;
  };
  const at = (index: number) => found[index]!;
  return {
    topic,
    partition: 0,
    streams: streamsOf(topic),
    first: 0,
    end,
    offset: (index) => index < end ? at(index).offset : (found.at(-1)?.offset ?? -1) + 1,
    timestamp: (index) => at(index).timestamp,
    due: (index) => at(index).due,
    firstDue: (time) => first(({ due }) => due >= time),
    firstAt: (timestamp) => first((event) => event.timestamp >= timestamp),
    firstFrom: (offset) => first((event) => event.offset >= offset),
    write: (index: number, to: ByteBuffer) => to.append(at(index).bytes),
    verbatim: (index) => at(index).verbatim ? at(index).bytes : undefined,
  };
}
