import { z } from "zod";
import type { PartitionPosition, PositionUpdate } from "./partition_position.ts";
import { readFirstForm, readPlaces, writePlaces } from "./saved_places.ts";

/**
 * The names that Kafka allows for topics, and more partitions than it has. Nothing else may become
 * part of a position: it could be saved, but not read again.
 */
export const TOPIC_NAME = /^[\w.-]{1,249}$/;
export const MAX_PARTITION = 999_999;

/** Names one upstream topic-partition: `eqiad.mediawiki.recentchange/0`. */
export function partitionKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

/**
 * A bound for hostile ids: real streams have two topic-partitions each. It is more than fit into the
 * 4,096 bytes that a position may take, so that none is left out silently.
 */
export const MAX_PLACES = 128;

/** The key of a frame that no id places. It is in no position: the service knows no such topic. */
export const NOWHERE: string = partitionKey("unknown", 0);

function newPlace(timestamp: number): PartitionPosition {
  return { timestamp, highest: timestamp, offset: -1, id: "", refused: 0 };
}

const savedSchema = z.discriminatedUnion("v", [
  z.object({ v: z.literal(2), start: z.int().min(0), places: z.string() }),
  z.object({ v: z.undefined().optional(), start: z.int().min(0), places: z.unknown() }),
]);

/** The form in which a position is saved; see {@linkcode writePlaces}. */
export interface SavedPosition {
  readonly v: 2;
  readonly start: number;
  readonly places: string;
}

/**
 * How far a stream was handled: where it began, and its place in every upstream topic-partition
 * that an `id` ever named. One topic-partition's place says nothing about another's: each is served
 * in its own order, and in a back-fill one may be hours ahead.
 */
export class Position {
  readonly #places: Map<string, PartitionPosition>;
  #start: number;

  /** @param start See {@linkcode start}. */
  constructor(start: number, places: Iterable<readonly [string, PartitionPosition]> = []) {
    this.#start = start;
    this.#places = new Map(places);
  }

  /** Time in ms from which events are wanted: the place in a topic-partition not seen yet. */
  get start(): number {
    return this.#start;
  }

  /** Reads what {@linkcode toJSON} made, or the first version did. @throws for anything else. */
  static fromJSON(json: unknown): Position {
    const { v, start, places } = savedSchema.parse(json);
    return new Position(start, v === 2 ? readPlaces(places) : readFirstForm(places));
  }

  toJSON(): SavedPosition {
    return { v: 2, start: this.start, places: writePlaces(this.#places) };
  }

  copy(): Position {
    return new Position(this.start, this.#places);
  }

  get(key: string): PartitionPosition | undefined {
    return this.#places.get(key);
  }

  get places(): ReadonlyMap<string, PartitionPosition> {
    return this.#places;
  }

  /** Moves the start back, with the places in what was not seen yet; an earlier start stays. */
  startAt(ms: number): void {
    if (ms >= this.#start) return;
    this.#start = ms;
    for (const [key, { offset }] of this.#places) {
      if (offset < 0) this.#places.set(key, newPlace(ms));
    }
  }

  /** Adds a topic-partition that an `id` named, so that it is asked for from now on. */
  track(key: string): void {
    if (this.#places.has(key) || this.#places.size >= MAX_PLACES) return;
    this.#places.set(key, newPlace(this.#start));
  }

  /**
   * Moves after an event, or after a frame that was refused. A refused frame leaves T and the anchor
   * where they are: the last event, which tells repeats from news, has to come again at a reconnect.
   * A topic-partition that is not known, and cannot become so any more, has no place.
   */
  advance({ key, timestamp, ahead, offset, id }: PositionUpdate): void {
    if (!this.#places.has(key) && key !== NOWHERE) this.track(key);
    const last = this.#places.get(key);
    if (last === undefined) return;
    if (offset === undefined || id === undefined) {
      this.#places.set(key, { ...last, refused: last.refused + 1 });
      return;
    }
    this.#places.set(key, {
      timestamp: Math.max(timestamp ?? 0, last.timestamp),
      highest: Math.max(timestamp ?? ahead ?? 0, last.highest),
      offset,
      id,
      refused: 0,
    });
  }

  /** Upstream numbers differently now: the last event handled stands at another offset. */
  renumber(key: string, offset: number): void {
    const place = this.#places.get(key);
    if (place !== undefined) this.#places.set(key, { ...place, offset });
  }

  /** The latest time (ms) that any topic-partition was read to: tells how old the position is. */
  get reached(): number {
    return Math.max(this.start, ...[...this.#places.values()].map((place) => place.timestamp));
  }

  /** The earliest such time (ms): from here on nothing is skipped, whatever topics there are. */
  get earliest(): number {
    const times = [...this.#places.values()].map((place) => place.timestamp);
    return times.length === 0 ? this.start : Math.min(...times);
  }
}
