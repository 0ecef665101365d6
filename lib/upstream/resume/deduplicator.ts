import { hasId } from "./anchor.ts";
import { type Connection, newConnection } from "./connection_state.ts";
import { KNOWN_IDS, KnownIds } from "./known_ids.ts";
import { MissedAnchors } from "./missed_anchors.ts";
import type { PartitionPosition, PositionUpdate } from "./partition_position.ts";
import type { Position } from "./position.ts";

/** What became of arrivals, counted since the start. */
export interface DuplicateCounts {
  /** Arrivals dropped because they had been handled before. */
  repeats: number;
  /** Jumps of several offsets that re-reading did not fill. */
  gaps: number;
  /** Events that those jumps span. */
  missing: number;
  /** Single offsets without an event, such as transactions leave in Kafka. */
  skipped: number;
  /** Times that an upstream topic-partition came back with other offsets. */
  renumbered: number;
}

/** What one arrival led to. */
export type Verdict = "handled" | "reread";

/** A jump that is reported once it is accepted. */
export interface Gap {
  readonly key: string;
  readonly missing: number;
  /** Times in ms on both sides of the jump. */
  readonly from: number;
  readonly to: number;
}

/** So many events in a row that are later than T prove what one that is later than all does. */
const MAX_LATER = 1000;
/** A topic-partition whose re-reads brought nothing so often is not re-read any more. */
const MAX_FRUITLESS = 3;

/**
 * Tells new events from repeats, and finds gaps. Pure: it sees arrivals and gives verdicts.
 *
 * The log of a topic-partition has one order, so all that comes up to and including the anchor (the
 * last event handled, recognized by `meta.id` and offset) is a repeat, and all after it is new.
 * Until the anchor has come, arrivals are dropped, not held: if it turns out that it does not come,
 * the stream is read again from the position, which has not moved. So any number may come again.
 *
 * It does not come if this connection lost it, if upstream does not keep it any more, or if upstream
 * numbers differently. An event later than all that were handled says so. In the first case the next
 * connection brings the anchor, in the last one its id with another offset, which is taken over. If
 * neither comes, the ids handled last tell repeats, and no event is dropped that could be new.
 *
 * An event whose id is in the log a second time is marked as long as the first is among the
 * {@linkcode KnownIds}: nobody wants it, but the position moves past it.
 */
export class Deduplicator<A extends PositionUpdate> {
  readonly counts: DuplicateCounts = { repeats: 0, gaps: 0, missing: 0, skipped: 0, renumbered: 0 };
  readonly #position: Position;
  readonly #onGap: (gap: Gap) => void;
  readonly #connections = new Map<string, Connection>();
  /** Of what was handled. */
  readonly #known = new KnownIds();
  /** How many ids this connection keeps until its anchors come. */
  #droppedIds = 0;
  readonly #missed = new MissedAnchors();
  /** Per topic-partition, the offset after which a gap was re-read last. */
  readonly #reread = new Map<string, number>();
  readonly #fruitless = new Map<string, number>();

  /** @param position What was received; this object moves it on. */
  constructor(position: Position, onGap: (gap: Gap) => void = () => {}) {
    this.#position = position;
    this.#onGap = onGap;
  }

  /**
   * Begins a connection: what was handled before comes again, up to the anchors.
   *
   * @param anchored False if more than the anchors is skipped on purpose.
   */
  connected({ anchored = true }: { anchored?: boolean } = {}): void {
    for (const connection of this.#connections.values()) this.#noteEnd(connection);
    this.#connections.clear();
    this.#droppedIds = 0;
    for (const [key, place] of this.#position.places) {
      const connection = newConnection(key, this.#modeFor(key, place, anchored));
      if (place.offset < 0) connection.refusedBefore = place.refused;
      else if (!anchored) {
        this.#reread.set(key, place.offset);
        connection.next = offsetAfter(place);
      }
      this.#connections.set(key, connection);
    }
  }

  /** Whether every anchor has come, so that all that follows is new. */
  get resumed(): boolean {
    return [...this.#connections.values()].every(({ mode }) => mode !== "resuming");
  }

  /** How many arrivals this connection dropped for anchors that have not come. */
  get unresolved(): number {
    const open = [...this.#connections.values()].filter(({ mode }) => mode === "resuming");
    return open.reduce((sum, { dropped }) => sum + dropped, 0);
  }

  /**
   * Takes one arrival and appends it to `fresh` if it is new in the log.
   *
   * @returns `reread`: connect again at the position. The arrival was not taken, since events before
   * it are missing, or the anchor is. That is asked for a bounded number of times at one place.
   */
  take(arrival: A, fresh: A[]): Verdict {
    const { key } = arrival;
    const place = this.#position.get(key);
    const connection = this.#connections.get(key) ?? newConnection(key, "live");
    if (connection.mode === "resuming" && place !== undefined) {
      return this.#resume(arrival, place, connection, fresh);
    }
    return this.#takeInOrder(arrival, place, connection, fresh);
  }

  /** Concludes from a connection that ended before its anchor had come. */
  #noteEnd(connection: Connection): void {
    const { key, anchorAt } = connection;
    const place = this.#position.get(key);
    if (place === undefined || !this.#missed.noteEnd(connection, place)) return;
    if (anchorAt !== undefined) this.#renumber(key, anchorAt);
  }

  #renumber(key: string, offset: number): void {
    this.counts.renumbered++;
    this.#position.renumber(key, offset);
  }

  #modeFor(key: string, place: PartitionPosition, anchored: boolean): Connection["mode"] {
    if (!anchored || place.offset < 0) return "live";
    return this.#missed.isGone(key, place) ? "settling" : "resuming";
  }

  #resume(arrival: A, place: PartitionPosition, connection: Connection, fresh: A[]): Verdict {
    const { offset, id } = arrival;
    connection.dropped++;
    if (id !== undefined) {
      if (hasId(place.id, id)) {
        if (offset === place.offset) return this.#arrive(id, place, connection);
        connection.anchorAt = offset;
      }
      if (!this.#known.has(id, connection.seed)) this.#keepId(id, connection);
    }
    if (!provesOtherwise(arrival, place, connection)) return "handled";
    return this.#anchorMissed(arrival, place, connection, fresh);
  }

  /** The anchor has come: all that was dropped for it had been handled before. */
  #arrive(id: string, place: PartitionPosition, connection: Connection): Verdict {
    const { key } = connection;
    this.counts.repeats += connection.dropped;
    connection.mode = "live";
    connection.refusedBefore = place.refused;
    connection.next = place.offset + 1;
    this.#missed.delete(key);
    for (const one of [...connection.droppedIds, id]) this.#known.add(one, connection.seed);
    this.#droppedIds -= connection.droppedIds.length;
    connection.droppedIds = [];
    return "handled";
  }

  /** Keeps an id until it is sure that its event was handled: as many as are known later, no more. */
  #keepId(id: string, connection: Connection): void {
    if (this.#droppedIds >= KNOWN_IDS) {
      this.#droppedIds -= connection.droppedIds.length;
      connection.droppedIds = [];
    }
    if (this.#droppedIds >= KNOWN_IDS) return;
    connection.droppedIds.push(id);
    this.#droppedIds++;
  }

  #anchorMissed(arrival: A, place: PartitionPosition, connection: Connection, fresh: A[]): Verdict {
    const { key } = arrival;
    // Another connection may have the anchor, which this one may only have lost.
    if (this.#missed.note(key, place)) return "reread";
    this.#reread.set(key, place.offset);
    if (connection.anchorAt !== undefined) {
      this.#renumber(key, connection.anchorAt);
      return "reread";
    }
    connection.mode = "settling";
    // Everything that this connection dropped may be new.
    return connection.dropped > 1 ? "reread" : this.#takeInOrder(arrival, place, connection, fresh);
  }

  #takeInOrder(
    arrival: A,
    place: PartitionPosition | undefined,
    connection: Connection,
    fresh: A[],
  ): Verdict {
    const { key, offset, id } = arrival;
    if (offset === undefined || id === undefined) {
      return this.#takeRefused(arrival, connection, fresh);
    }
    const isKnown = this.#known.has(id, connection.seed);
    if (place !== undefined && place.offset >= 0) {
      const isSettling = connection.mode === "settling";
      const isBefore = offset <= place.offset;
      if (isKnown && (isSettling || isBefore)) {
        return this.#dropRepeat(offset, connection, isSettling);
      }
      const isRenumbered = connection.isRenumbered || isBefore;
      if (isSettling && !isRenumbered) connection.next = offsetAfter(place);
      if (!isSettling && isRenumbered) connection.next = undefined;
      if (connection.next !== undefined && offset > connection.next) {
        if (this.#wantsReread(key, place)) return "reread";
        this.#noteGap(arrival, place, offset - connection.next);
      } else if (this.#reread.get(key) === place.offset) this.#fruitless.delete(key);
      if (isRenumbered) this.counts.renumbered++;
      connection.isRenumbered = false;
      connection.mode = "live";
    }
    connection.next = offset + 1;
    connection.refusedBefore = 0;
    if (isKnown) this.counts.repeats++;
    this.#accept(isKnown ? { ...arrival, isRepeated: true } : arrival, connection, fresh);
    return "handled";
  }

  #dropRepeat(offset: number, connection: Connection, isSettling: boolean): Verdict {
    this.counts.repeats++;
    if (isSettling) {
      connection.isRenumbered = true;
      connection.next = offset + 1;
    }
    return "handled";
  }

  #takeRefused(arrival: A, connection: Connection, fresh: A[]): Verdict {
    if (connection.next !== undefined) connection.next++;
    if (connection.refusedBefore > 0) {
      connection.refusedBefore--;
      this.counts.repeats++;
    } else this.#accept(arrival, connection, fresh);
    return "handled";
  }

  #accept(arrival: A, connection: Connection, fresh: A[]): void {
    const { key } = connection;
    this.#position.advance(arrival);
    if (this.#position.get(key) !== undefined) {
      this.#connections.set(key, connection);
      if (arrival.id !== undefined) this.#known.add(arrival.id, connection.seed);
    }
    fresh.push(arrival);
  }

  #wantsReread(key: string, place: PartitionPosition): boolean {
    if (this.#reread.get(key) === place.offset) return false;
    if ((this.#fruitless.get(key) ?? 0) >= MAX_FRUITLESS) return false;
    this.#reread.set(key, place.offset);
    return true;
  }

  #noteGap({ key, timestamp }: A, place: PartitionPosition, missing: number): void {
    if (this.#reread.get(key) === place.offset) {
      this.#fruitless.set(key, (this.#fruitless.get(key) ?? 0) + 1);
    }
    if (missing === 1) {
      this.counts.skipped++;
      return;
    }
    this.counts.gaps++;
    this.counts.missing += missing;
    this.#onGap({ key, missing, from: place.timestamp, to: timestamp ?? place.timestamp });
  }
}

/** The offset that is expected after a place, if each refused frame took one. */
function offsetAfter({ offset, refused }: PartitionPosition): number {
  return offset + 1 + refused;
}

/** Whether an arrival that comes before its anchor proves that the anchor does not come. */
function provesOtherwise(
  { offset, timestamp, ahead }: PositionUpdate,
  place: PartitionPosition,
  connection: Connection,
): boolean {
  // A refused frame proves nothing: it has no time, and has not moved the place's either.
  if (offset === undefined) return false;
  const time = timestamp ?? ahead ?? 0;
  // Against false timestamps, years ahead: all the others are never later than those.
  connection.later = time > place.timestamp ? connection.later + 1 : 0;
  const isLater = timestamp !== undefined && timestamp > place.timestamp;
  connection.sawBeyond ||= isLater && offset > place.offset;
  return time > place.highest || connection.later >= MAX_LATER;
}
