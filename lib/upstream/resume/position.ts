import { z } from "zod";

/** Where wikitap is in one upstream topic-partition: after the last event that it handled. */
export interface Place {
  /**
   * The highest Kafka timestamp (ms) received from this topic-partition: T. The event that carried
   * it was received, and the service starts at the first offset with a timestamp of at least T, so
   * asking for T never skips an event. Asking for less only costs repeats.
   */
  readonly timestamp: number;
  /** `meta.offset` of the last event handled, -1 before the first. */
  readonly offset: number;
  /** `meta.id` of the last event handled: the anchor, up to which a new connection repeats. */
  readonly id: string;
  /** Frames behind that event that could not be read, and were handled by being refused. */
  readonly refused: number;
}

/** What one more event, or one more refused frame, does to its place. */
export interface Step {
  /** Upstream topic and partition, as in {@linkcode placeKey}. */
  readonly key: string;
  /** Kafka timestamp in ms as the event's `id` tells it, where it tells a credible one. */
  readonly timestamp: number | undefined;
  /** `meta.offset`; `undefined` for a refused frame. */
  readonly offset: number | undefined;
  /** `meta.id`; `undefined` for a refused frame. */
  readonly id: string | undefined;
}

/**
 * What Kafka lets a topic be called, and more partitions than it has. Nothing else may become a part
 * of a position: it could be saved, and not be read again.
 */
export const TOPIC_NAME = /^[\w.-]{1,249}$/;
export const MAX_PARTITION = 999_999;

/** Names one upstream topic-partition: `eqiad.mediawiki.recentchange/0`. */
export function placeKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

/** A bound for hostile ids: real streams have two topic-partitions each. */
export const MAX_PLACES = 64;

/** The key of a frame that no id places; it is in no position, since the service knows no such topic. */
export const NOWHERE: string = placeKey("unknown", 0);

function newPlace(timestamp: number): Place {
  return { timestamp, offset: -1, id: "", refused: 0 };
}

const savedSchema = z.object({
  start: z.int().min(0),
  places: z.record(
    z.string().regex(/^[^/]{1,249}\/\d{1,6}$/),
    z.tuple([z.int().min(0), z.int().min(-1), z.string().max(200), z.int().min(0)]),
  ),
});

/** The form in which a position is saved; small, since Kafka keeps 4,096 bytes for it by default. */
export type SavedPosition = z.infer<typeof savedSchema>;

/**
 * How far a stream was handled: where it began, and its place in every upstream topic-partition
 * that an `id` ever named. One topic-partition's place says nothing about another's: each is served
 * in its own order, and in a back-fill one may be hours ahead.
 */
export class Position {
  readonly #places: Map<string, Place>;
  #start: number;

  /** @param start See {@linkcode start}. */
  constructor(start: number, places: Iterable<readonly [string, Place]> = []) {
    this.#start = start;
    this.#places = new Map(places);
  }

  /** Time in ms from which on events are wanted; the place of what is not yet seen. */
  get start(): number {
    return this.#start;
  }

  /** @throws {z.ZodError} for anything that {@linkcode toJSON} did not make. */
  static fromJSON(json: unknown): Position {
    const { start, places } = savedSchema.parse(json);
    return new Position(
      start,
      Object.entries(places).map(([key, [timestamp, offset, id, refused]]) => [
        key,
        { timestamp, offset, id, refused },
      ]),
    );
  }

  toJSON(): SavedPosition {
    const places: SavedPosition["places"] = {};
    for (const [key, { timestamp, offset, id, refused }] of this.#places) {
      places[key] = [timestamp, offset, id, refused];
    }
    return { start: this.start, places };
  }

  copy(): Position {
    return new Position(this.start, this.#places);
  }

  get(key: string): Place | undefined {
    return this.#places.get(key);
  }

  get places(): ReadonlyMap<string, Place> {
    return this.#places;
  }

  /** Takes a start back, with the places of what is not yet seen; an earlier one stays. */
  startAt(ms: number): void {
    if (ms >= this.#start) return;
    this.#start = ms;
    for (const [key, { offset }] of this.#places) {
      if (offset < 0) this.#places.set(key, newPlace(ms));
    }
  }

  /** Notes a topic-partition that an `id` named, so that it is asked for from now on. */
  know(key: string): void {
    if (this.#places.has(key) || this.#places.size >= MAX_PLACES) return;
    this.#places.set(key, newPlace(this.#start));
  }

  /**
   * Moves behind an event, or behind a frame that was refused. A refused frame leaves T where it
   * is: the last event, which tells repeats from news, has to come again at a reconnect. What is of
   * no topic-partition that is known, or can be any more, has no place.
   */
  advance({ key, timestamp, offset, id }: Step): void {
    if (!this.#places.has(key) && key !== NOWHERE) this.know(key);
    const last = this.#places.get(key);
    if (last === undefined) return;
    const place = offset === undefined || id === undefined
      ? { ...last, refused: last.refused + 1 }
      : { timestamp: Math.max(timestamp ?? 0, last.timestamp), offset, id, refused: 0 };
    this.#places.set(key, place);
  }

  /** Upstream counts differently now: the last event handled stands at another offset. */
  renumber(key: string, offset: number, refused: number): void {
    const place = this.#places.get(key);
    if (place !== undefined) this.#places.set(key, { ...place, offset, refused });
  }

  /** The latest time that any topic-partition was read to, in ms: how old the position is. */
  get reached(): number {
    return Math.max(this.start, ...[...this.#places.values()].map((place) => place.timestamp));
  }

  /** The earliest, in ms: from here on nothing is skipped whatever the topics are called. */
  get earliest(): number {
    const times = [...this.#places.values()].map((place) => place.timestamp);
    return times.length === 0 ? this.start : Math.min(...times);
  }
}
