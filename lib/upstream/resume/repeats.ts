import type { Place, Position, Step } from "./position.ts";

/** What {@linkcode Repeats} has to know of an arrival. */
interface Arrival extends Step {
  /** The upstream JSON; its bytes are what holding it costs. */
  readonly data: Uint8Array;
}

/** What became of arrivals, counted since the start. */
export interface RepeatCounts {
  /** Arrivals dropped as they had been handled before. */
  repeats: number;
  /** Jumps in an upstream numbering that re-reading did not fill. */
  gaps: number;
  /** Events that those jumps span. */
  missing: number;
  /** Times that an upstream topic-partition came back with other offsets. */
  renumbered: number;
}

/** What one arrival led to. */
export type Verdict = "handled" | "reread";

/** A jump that is told to the user once it is accepted. */
export interface Gap {
  readonly key: string;
  readonly missing: number;
  /** Times in ms on both sides of the jump. */
  readonly from: number;
  readonly to: number;
}

interface Connection<A> {
  /**
   * `live`: the place is the truth. `resuming`: the anchor has not come yet. `settling`: the anchor
   * did not come; what was handled lately is recognised by its id.
   */
  mode: "live" | "resuming" | "settling";
  held: A[];
  heldBytes: number;
  /** Refused frames behind the anchor that were handled before. */
  refusedBefore: number;
  /** Arrivals to look up by id until settling ends. */
  lookUps: number;
}

/** Arrivals held per topic-partition until its anchor comes: at most so many, and so many bytes. */
const MAX_HELD = 10_000;
const MAX_HELD_BYTES = 16 * 1024 * 1024;
/** Timestamps in a log go back by less than this, in ms, but for single ones. */
const FAR_BEFORE = 10_000;
/** How many of the last ids are remembered per topic-partition. */
const RECENT_IDS = 10_000;
/** A topic-partition whose re-reads brought nothing so often is not re-read any more. */
const MAX_FRUITLESS = 3;

/**
 * Tells new events from repeats, and finds gaps. Pure: it sees arrivals and gives verdicts.
 *
 * The log of a topic-partition has one order, so all that comes up to and including the anchor (the
 * last event handled, recognised by its `meta.id`) is a repeat, and all behind it is new. What
 * comes before the anchor is held, bounded, and dropped with it. Where the anchor does not come,
 * because the numbering changed or because upstream keeps it no longer, what is held is released
 * through a window of recent ids: never is an event dropped that could be new.
 */
export class Repeats<A extends Arrival> {
  readonly counts: RepeatCounts = { repeats: 0, gaps: 0, missing: 0, renumbered: 0 };
  readonly #position: Position;
  readonly #onGap: (gap: Gap) => void;
  readonly #connections = new Map<string, Connection<A>>();
  /** Of all that had no place when the connection was opened: nothing of it comes again. */
  readonly #live = newConnection<A>("live");
  readonly #recent = new Map<string, RecentIds>();
  /** Per topic-partition, the offset behind which a gap was re-read last. */
  readonly #reread = new Map<string, number>();
  readonly #fruitless = new Map<string, number>();

  /** @param position What was received; this object moves it on. */
  constructor(position: Position, onGap: (gap: Gap) => void = () => {}) {
    this.#position = position;
    this.#onGap = onGap;
  }

  /**
   * A connection was opened: what was handled before comes again, up to the anchors.
   *
   * @param anchored False where more than the anchors is skipped on purpose.
   */
  connected({ anchored = true }: { anchored?: boolean } = {}): void {
    this.#connections.clear();
    for (const [key, place] of this.#position.places) {
      const mode = anchored && place.offset >= 0 ? "resuming" : "live";
      if (!anchored) this.#reread.set(key, place.offset);
      this.#connections.set(key, newConnection(mode));
    }
  }

  /** Whether every anchor has come, so that all that follows is new. */
  get resumed(): boolean {
    return [...this.#connections.values()].every(({ mode }) => mode !== "resuming");
  }

  /**
   * Takes one arrival and appends to `fresh` what is known to be new now: nothing, the arrival, or
   * what was held before it.
   *
   * @returns `reread`: the arrival was not taken, as events before it are missing; connect again
   * at the position. That is asked for once for a gap, and no more where it brings nothing.
   */
  take(arrival: A, fresh: A[]): Verdict {
    const { key } = arrival;
    const place = this.#position.get(key);
    const connection = this.#connections.get(key) ?? this.#live;
    if (connection.mode === "resuming" && place !== undefined) {
      return this.#resume(arrival, place, connection, fresh);
    }
    return this.#takeInOrder(arrival, place, connection, fresh);
  }

  #resume(arrival: A, place: Place, connection: Connection<A>, fresh: A[]): Verdict {
    if (arrival.id === place.id) {
      this.counts.repeats += connection.held.length + 1;
      connection.held = [];
      connection.mode = "live";
      connection.refusedBefore = place.refused;
      if (arrival.offset !== undefined && arrival.offset !== place.offset) {
        this.#renumber(arrival.key, arrival.offset, place.refused);
      }
      return "handled";
    }
    connection.held.push(arrival);
    connection.heldBytes += arrival.data.length;
    // T is the highest timestamp of all that was handled: what lies beyond it comes after the
    // anchor in the log, or belongs to a log with another numbering.
    // Refused frames have not moved T.
    const isBeyond = arrival.offset !== undefined && (arrival.timestamp ?? 0) > place.timestamp;
    if (!isBeyond && (!isFull(connection) || this.#dropOldest(place, connection))) {
      return "handled";
    }
    return this.#release(arrival.key, place, connection, fresh);
  }

  /**
   * Makes room where very much comes again: what is before the anchor by its offset, and far before
   * T, is no news in any numbering.
   *
   * @returns `false` where that can't be said of the oldest tenth of what is held.
   */
  #dropOldest({ offset, timestamp }: Place, connection: Connection<A>): boolean {
    const { held } = connection;
    const oldest = held.slice(0, Math.ceil(held.length / 10));
    const isRepeat = (one: A) =>
      (one.offset ?? -1) < offset && (one.timestamp ?? 0) < timestamp - FAR_BEFORE;
    if (!oldest.every(isRepeat)) return false;
    connection.held = held.slice(oldest.length);
    connection.heldBytes -= oldest.reduce((sum, { data }) => sum + data.length, 0);
    this.counts.repeats += oldest.length;
    return true;
  }

  /** The anchor does not come: what is held is new, but for what the window of ids knows. */
  #release(key: string, place: Place, connection: Connection<A>, fresh: A[]): Verdict {
    const { held } = connection;
    const recent = this.#recentIds(key);
    const first = held.find(({ offset }) => offset !== undefined)?.offset ?? place.offset + 1;
    const isRenumbered = first <= place.offset ||
      held.some(({ id }) => id !== undefined && recent.has(id));
    // Another connection may have the anchor, which this one may only have lost.
    if (this.#wantsReread(key, place)) return "reread";
    if (isRenumbered) this.#renumber(key, first - 1, 0);
    connection.held = [];
    connection.mode = "settling";
    connection.lookUps = held.length + RECENT_IDS;
    for (const one of held) this.#takeInOrder(one, this.#position.get(key), connection, fresh);
    return "handled";
  }

  #takeInOrder(
    arrival: A,
    place: Place | undefined,
    connection: Connection<A>,
    fresh: A[],
  ): Verdict {
    const { key, offset, id } = arrival;
    if (offset === undefined || id === undefined) {
      return this.#takeRefused(arrival, connection, fresh);
    }
    if (place !== undefined && place.offset >= 0) {
      const isBehind = offset <= place.offset;
      if (connection.mode === "settling" && --connection.lookUps <= 0) connection.mode = "live";
      if ((isBehind || connection.mode === "settling") && this.#recentIds(key).has(id)) {
        this.counts.repeats++;
        if (connection.mode === "settling") this.#position.renumber(key, offset, 0);
        return "handled";
      }
      const expected = place.offset + 1 + place.refused;
      if (isBehind) this.counts.renumbered++;
      else if (offset > expected) {
        if (connection.mode === "live" && this.#wantsReread(key, place)) return "reread";
        this.#noteGap(arrival, place, offset - expected);
      } else if (this.#reread.get(key) === place.offset) this.#fruitless.delete(key);
    }
    connection.refusedBefore = 0;
    this.#accept(arrival, fresh);
    return "handled";
  }

  #takeRefused(arrival: A, connection: Connection<A>, fresh: A[]): Verdict {
    if (connection.refusedBefore > 0) {
      connection.refusedBefore--;
      this.counts.repeats++;
    } else this.#accept(arrival, fresh);
    return "handled";
  }

  #accept(arrival: A, fresh: A[]): void {
    this.#position.advance(arrival);
    const hasPlace = this.#position.get(arrival.key) !== undefined;
    if (arrival.id !== undefined && hasPlace) this.#recentIds(arrival.key).add(arrival.id);
    fresh.push(arrival);
  }

  #renumber(key: string, offset: number, refused: number): void {
    this.counts.renumbered++;
    this.#position.renumber(key, offset, refused);
  }

  #wantsReread(key: string, place: Place): boolean {
    if (this.#reread.get(key) === place.offset) return false;
    if ((this.#fruitless.get(key) ?? 0) >= MAX_FRUITLESS) return false;
    this.#reread.set(key, place.offset);
    return true;
  }

  #noteGap({ key, timestamp }: Arrival, place: Place, missing: number): void {
    if (this.#reread.get(key) === place.offset) {
      this.#fruitless.set(key, (this.#fruitless.get(key) ?? 0) + 1);
    }
    this.counts.gaps++;
    this.counts.missing += missing;
    this.#onGap({ key, missing, from: place.timestamp, to: timestamp ?? place.timestamp });
  }

  #recentIds(key: string): RecentIds {
    let recent = this.#recent.get(key);
    if (recent === undefined) this.#recent.set(key, recent = new RecentIds(RECENT_IDS));
    return recent;
  }
}

function isFull({ held, heldBytes }: Connection<unknown>): boolean {
  return held.length >= MAX_HELD || heldBytes >= MAX_HELD_BYTES;
}

function newConnection<A>(mode: Connection<A>["mode"]): Connection<A> {
  return { mode, held: [], heldBytes: 0, refusedBefore: 0, lookUps: 0 };
}

/** The last `size` ids: cheap to add to, indexed only when something is looked up. */
class RecentIds {
  readonly #ring: string[] = [];
  #next = 0;
  #index: Set<string> | undefined;

  constructor(readonly size: number) {}

  add(id: string): void {
    if (this.#index !== undefined) {
      const oldest = this.#ring[this.#next];
      if (oldest !== undefined) this.#index.delete(oldest);
      this.#index.add(id);
    }
    this.#ring[this.#next] = id;
    this.#next = (this.#next + 1) % this.size;
  }

  has(id: string): boolean {
    this.#index ??= new Set(this.#ring);
    return this.#index.has(id);
  }
}
