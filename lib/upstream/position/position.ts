import { z } from "zod";
import type { PartitionPosition, PositionUpdate } from "./partition_position.ts";
import { readFirstForm, readPartitions, writePartitions } from "./saved_partitions.ts";

/**
 * Kafka's rule for topic names. A position contains no other names, since it could be saved with
 * them but not read again.
 */
export const TOPIC_NAME = /^[\w.-]{1,249}$/;
/** The highest partition number that is accepted: more than Kafka has. */
export const MAX_PARTITION = 999_999;

/** Returns the name of an upstream topic-partition: `eqiad.mediawiki.recentchange/0`. */
export function upstreamPartition(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

/**
 * Bounds the topic-partitions of a position against hostile ids; real streams have two each. More
 * than this do not fit into the 4,096 bytes of a saved position, so none is left out silently.
 */
export const MAX_TRACKED = 1024;

/** The key of a frame without a known topic-partition. No position contains it. */
export const NOWHERE: string = upstreamPartition("unknown", 0);

function newPartition(timestamp: number, highest: number): PartitionPosition {
  return { timestamp, highest, offset: -1, id: "", rejected: 0 };
}

const savedSchema = z.discriminatedUnion("v", [
  z.object({ v: z.literal(2), start: z.int().min(0), places: z.string() }),
  z.object({ v: z.undefined().optional(), start: z.int().min(0), places: z.unknown() }),
]);

/** The saved form of a position; see {@linkcode writePartitions}. */
export interface SavedPosition {
  /** The version of the form. */
  readonly v: 2;
  /** The time in ms from which events are wanted. */
  readonly start: number;
  /** The position in each topic-partition. */
  readonly places: string;
}

/**
 * How far a stream was handled: its start, and a position in every upstream topic-partition that an
 * `id` ever named. They are independent: each topic-partition is served in its own order, and in a
 * back-fill one may be hours ahead.
 */
export class Position {
  readonly #partitions: Map<string, PartitionPosition>;
  #start: number;
  #latestStart: number;

  /**
   * @param start ms since 1970; see {@linkcode start}.
   * @param partitions Positions by topic-partition.
   */
  constructor(start: number, partitions: Iterable<readonly [string, PartitionPosition]> = []) {
    this.#start = start;
    this.#latestStart = start;
    this.#partitions = new Map(partitions);
  }

  /** Time in ms from which events are wanted; also the position of a new topic-partition. */
  get start(): number {
    return this.#start;
  }

  /** The latest start (ms) since this object was created: what was skipped by it is not later. */
  get latestStart(): number {
    return this.#latestStart;
  }

  /**
   * Parses the result of {@linkcode toJSON}, also that of the first version.
   *
   * @throws {Error} for anything else.
   */
  static fromJSON(json: unknown): Position {
    const { v, start, places } = savedSchema.parse(json);
    return new Position(start, v === 2 ? readPartitions(places) : readFirstForm(places));
  }

  /** Returns the form in which the position is saved. */
  toJSON(): SavedPosition {
    return { v: 2, start: this.start, places: writePartitions(this.#partitions) };
  }

  /** Returns an independent copy. */
  copy(): Position {
    const copy = new Position(this.start, this.#partitions);
    copy.#latestStart = this.#latestStart;
    return copy;
  }

  /** Returns the position in a topic-partition, if it is tracked. */
  get(key: string): PartitionPosition | undefined {
    return this.#partitions.get(key);
  }

  /** The positions by topic-partition. */
  get partitions(): ReadonlyMap<string, PartitionPosition> {
    return this.#partitions;
  }

  /** Moves the start back, for topic-partitions without events too. An earlier start is kept. */
  startAt(ms: number): void {
    if (ms >= this.#start) return;
    this.#start = ms;
    for (const [key, { offset, highest }] of this.#partitions) {
      if (offset < 0) this.#partitions.set(key, newPartition(ms, highest));
    }
  }

  /**
   * Adds a topic-partition that an `id` named, so that later requests name it. If the stream was
   * requested by time, older events of it were skipped. None is later than what the others have
   * reached.
   */
  track(key: string): void {
    if (this.#partitions.has(key) || this.#partitions.size >= MAX_TRACKED) return;
    this.#partitions.set(key, newPartition(this.#start, Math.max(this.#latestStart, this.reached)));
  }

  /**
   * Advances past an event or a rejected frame. A rejected frame moves neither T nor the anchor:
   * the last event, which separates duplicates from new events, has to come again after a
   * reconnect. A topic-partition that is unknown is ignored if there is no room for it.
   */
  advance({ key, timestamp, ahead, offset, id, rejectedBehind = 0 }: PositionUpdate): void {
    let last = this.#partitions.get(key);
    if (last === undefined && key !== NOWHERE) {
      this.track(key);
      last = this.#partitions.get(key);
    }
    if (last === undefined) return;
    if (offset === undefined || id === undefined) {
      this.#partitions.set(key, { ...last, rejected: last.rejected + 1 });
      return;
    }
    // The start was not received, and can be in the future: the first credible timestamp replaces it.
    const isStart = last.offset < 0 || last.timestamp === this.#latestStart;
    const first = timestamp ?? Math.min(ahead ?? Infinity, last.timestamp);
    this.#partitions.set(key, {
      timestamp: isStart ? first : Math.max(timestamp ?? 0, last.timestamp),
      highest: Math.max(timestamp ?? ahead ?? 0, last.highest),
      offset,
      id,
      rejected: rejectedBehind,
    });
  }

  /** Adopts a new numbering: the last event handled has another offset now. */
  renumber(key: string, offset: number): void {
    const last = this.#partitions.get(key);
    if (last !== undefined) this.#partitions.set(key, { ...last, offset });
  }

  /** The latest time (ms) to which any topic-partition was read: it shows the position's age. */
  get reached(): number {
    return Math.max(
      this.start,
      ...[...this.#partitions.values()].map(({ timestamp }) => timestamp),
    );
  }

  /** The earliest such time (ms): a start there skips nothing in any topic. */
  get earliest(): number {
    const times = [...this.#partitions.values()].map(({ timestamp }) => timestamp);
    return times.length === 0 ? this.start : Math.min(...times);
  }
}
