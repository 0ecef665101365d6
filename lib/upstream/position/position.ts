import { z } from "zod";
import type { PartitionPosition, PositionUpdate } from "./partition_position.ts";
import { readFirstForm, readPlaces, writePlaces } from "./saved_places.ts";

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
export const MAX_PLACES = 1024;

/** The key of a frame without a known topic-partition. No position contains it. */
export const NOWHERE: string = upstreamPartition("unknown", 0);

function newPlace(timestamp: number, highest: number): PartitionPosition {
  return { timestamp, highest, offset: -1, id: "", refused: 0 };
}

const savedSchema = z.discriminatedUnion("v", [
  z.object({ v: z.literal(2), start: z.int().min(0), places: z.string() }),
  z.object({ v: z.undefined().optional(), start: z.int().min(0), places: z.unknown() }),
]);

/** The saved form of a position; see {@linkcode writePlaces}. */
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
  readonly #places: Map<string, PartitionPosition>;
  #start: number;
  /** The latest start: what was skipped by it is not later. */
  #latestStart: number;

  /**
   * @param start ms since 1970; see {@linkcode start}.
   * @param places Positions by topic-partition.
   */
  constructor(start: number, places: Iterable<readonly [string, PartitionPosition]> = []) {
    this.#start = start;
    this.#latestStart = start;
    this.#places = new Map(places);
  }

  /** Time in ms from which events are wanted; also the position of a new topic-partition. */
  get start(): number {
    return this.#start;
  }

  /**
   * Parses the result of {@linkcode toJSON}, also that of the first version.
   *
   * @throws {Error} for anything else.
   */
  static fromJSON(json: unknown): Position {
    const { v, start, places } = savedSchema.parse(json);
    return new Position(start, v === 2 ? readPlaces(places) : readFirstForm(places));
  }

  /** Returns the form in which the position is saved. */
  toJSON(): SavedPosition {
    return { v: 2, start: this.start, places: writePlaces(this.#places) };
  }

  /** Returns an independent copy. */
  copy(): Position {
    const copy = new Position(this.start, this.#places);
    copy.#latestStart = this.#latestStart;
    return copy;
  }

  /** Returns the position in a topic-partition, if it is tracked. */
  get(key: string): PartitionPosition | undefined {
    return this.#places.get(key);
  }

  /** The positions by topic-partition. */
  get places(): ReadonlyMap<string, PartitionPosition> {
    return this.#places;
  }

  /** Moves the start back, for topic-partitions without events too. An earlier start is kept. */
  startAt(ms: number): void {
    if (ms >= this.#start) return;
    this.#start = ms;
    for (const [key, { offset }] of this.#places) {
      if (offset < 0) this.#places.set(key, newPlace(ms, this.#latestStart));
    }
  }

  /** Adds a topic-partition that an `id` named, so that later requests name it. */
  track(key: string): void {
    if (this.#places.has(key) || this.#places.size >= MAX_PLACES) return;
    this.#places.set(key, newPlace(this.#start, this.#latestStart));
  }

  /**
   * Advances past an event or a rejected frame. A rejected frame moves neither T nor the anchor:
   * the last event, which separates duplicates from new events, has to come again after a
   * reconnect. A topic-partition that is unknown is ignored if there is no room for it.
   */
  advance({ key, timestamp, ahead, offset, id }: PositionUpdate): void {
    let last = this.#places.get(key);
    if (last === undefined && key !== NOWHERE) {
      this.track(key);
      last = this.#places.get(key);
    }
    if (last === undefined) return;
    if (offset === undefined || id === undefined) {
      this.#places.set(key, { ...last, refused: last.refused + 1 });
      return;
    }
    // The start was not received, and can be in the future: the first credible timestamp replaces it.
    const isStart = last.offset < 0 || last.timestamp === this.#latestStart;
    const first = timestamp ?? Math.min(ahead ?? Infinity, last.timestamp);
    this.#places.set(key, {
      timestamp: isStart ? first : Math.max(timestamp ?? 0, last.timestamp),
      highest: Math.max(timestamp ?? ahead ?? 0, last.highest),
      offset,
      id,
      refused: 0,
    });
  }

  /** Adopts a new numbering: the last event handled has another offset now. */
  renumber(key: string, offset: number): void {
    const place = this.#places.get(key);
    if (place !== undefined) this.#places.set(key, { ...place, offset });
  }

  /** The latest time (ms) to which any topic-partition was read: it shows the position's age. */
  get reached(): number {
    return Math.max(this.start, ...[...this.#places.values()].map((place) => place.timestamp));
  }

  /** The earliest such time (ms): a start there skips nothing in any topic. */
  get earliest(): number {
    const times = [...this.#places.values()].map((place) => place.timestamp);
    return times.length === 0 ? this.start : Math.min(...times);
  }
}
