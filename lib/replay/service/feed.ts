import type { Assignment } from "./assignment.ts";
import { ByteBuffer } from "../byte_buffer.ts";
import type { EndingFault, FaultDraw } from "./faults.ts";
import type { TopicLog } from "../log.ts";

/** The topics of one connection, and its faults. */
export interface FeedOptions {
  /** Where to begin in each topic. */
  readonly assignments: readonly Assignment[];
  /** Returns the time on the log's own clock, in ms: records that are due by then exist. */
  readonly now: () => number;
  /** Decides how the connection ends. */
  readonly faults: FaultDraw;
  /** Returns whether this connection does not get a record, as if the service had lost it. */
  readonly isLost: (log: TopicLog, index: number) => boolean;
}

/** The next part of a response. */
export interface ResponsePart {
  /** Frames; empty if there is nothing yet. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The number of events in `bytes`. */
  readonly events: number;
  /** How the connection ends after `bytes`. */
  readonly ending: EndingFault | undefined;
}

const encoder = new TextEncoder();

interface Cursor {
  readonly log: TopicLog;
  /** The next record to send. */
  index: number;
  /** The topic's part of `id` before its first event. */
  readonly asked: Uint8Array;
  /** The same after that, up to the timestamp. */
  readonly entry: Uint8Array;
  /** Kafka's timestamp of the last record that was sent. */
  timestamp: number | undefined;
}

/** The size in bytes at which a chunk is sent. */
const CHUNK = 64 * 1024;
/**
 * Kafka returns the records of a topic in batches: the number sent before the next topic's turn.
 */
const RUN = 500;
/** If all records exist at once, no topic gets further ahead of the others than this, in ms. */
const LEAD = 12 * 3_600_000;

/** The frames of one connection in KafkaSSE's form: each topic in order, the topics interleaved. */
export class Feed {
  readonly #options: FeedOptions;
  readonly #cursors: readonly Cursor[];
  readonly #buffer = new ByteBuffer(2 * CHUNK);
  /** The topic whose turn it is, and the number of records left in the turn. */
  #turn = 0;
  #left = RUN;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#cursors = options.assignments.map(({ log, index, offset }) => ({
      log,
      index,
      asked: encoder.encode(JSON.stringify({ topic: log.topic, partition: log.partition, offset })),
      entry: encoder.encode(`{"topic":"${log.topic}","partition":${log.partition},"timestamp":`),
      timestamp: undefined,
    }));
  }

  /** Returns the frames that are due, at most {@linkcode CHUNK} bytes and one frame. */
  next(): ResponsePart {
    const { faults, isLost } = this.#options;
    const buffer = this.#buffer;
    const now = this.#options.now();
    let events = 0;
    let ending: EndingFault | undefined;
    while (buffer.length < CHUNK && ending === undefined) {
      const cursor = this.#choose(now);
      if (cursor === undefined) break;
      const index = cursor.index++;
      if (isLost(cursor.log, index)) continue;
      const start = buffer.length;
      this.#frame(cursor, index);
      events++;
      ending = faults.next();
      if (ending === "cut") buffer.truncate(start + faults.place(buffer.length - start));
    }
    if (ending === "error") this.#error();
    return { bytes: buffer.take(2 * CHUNK), events, ending };
  }

  /** When the next record is due, on the log's own clock; `Infinity` if there is none. */
  nextDue(): number {
    return Math.min(...this.#cursors.map(dueOf));
  }

  /** The topic whose turn it is, among those that have a record to send. */
  #choose(now: number): Cursor | undefined {
    for (let tried = 0; tried <= this.#cursors.length; tried++) {
      const cursor = this.#cursors[this.#turn];
      if (cursor === undefined) return undefined;
      const due = dueOf(cursor);
      if (this.#left > 0 && due <= now && due < this.#horizon(cursor)) {
        this.#left--;
        return cursor;
      }
      this.#turn = (this.#turn + 1) % this.#cursors.length;
      this.#left = RUN;
    }
    return undefined;
  }

  /** The time up to which a topic may run ahead; `Infinity` if it is alone. */
  #horizon(cursor: Cursor): number {
    let horizon = Infinity;
    for (const other of this.#cursors) {
      if (other !== cursor) horizon = Math.min(horizon, dueOf(other) + LEAD);
    }
    return horizon;
  }

  #frame(cursor: Cursor, index: number): void {
    const { log } = cursor;
    const buffer = this.#buffer;
    cursor.timestamp = log.timestamp(index);
    const verbatim = log.verbatim?.(index);
    if (verbatim !== undefined) return buffer.append(verbatim);
    this.#head("message");
    log.write(index, buffer);
    buffer.ascii("\n\n");
  }

  /** A frame up to its data; `id` has Kafka's timestamps + 1. */
  #head(event: "message" | "error"): void {
    const buffer = this.#buffer;
    buffer.ascii(`event: ${event}\nid: [`);
    for (const [number, { timestamp, asked, entry }] of this.#cursors.entries()) {
      if (number > 0) buffer.ascii(",");
      if (timestamp === undefined) buffer.append(asked);
      else {
        buffer.append(entry);
        buffer.integer(timestamp + 1);
        buffer.ascii("}");
      }
    }
    buffer.ascii("]\ndata: ");
  }

  #error(): void {
    const error = { message: "Local: Broker transport failure", origin: "kafka", code: -195 };
    this.#head("error");
    this.#buffer.text(`${JSON.stringify(error)}\n\n`);
  }
}

function dueOf({ log, index }: Cursor): number {
  return index < log.end ? log.due(index) : Infinity;
}
