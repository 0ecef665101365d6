import { hasId } from "../position/anchor.ts";
import { type ConnectionState, newConnectionState } from "./connection_state.ts";
import { KNOWN_IDS, KnownIds } from "./known_ids.ts";
import { MissedAnchors, provesMissing } from "./missed_anchors.ts";
import type { PartitionPosition, PositionUpdate } from "../position/partition_position.ts";
import type { Position } from "../position/position.ts";

/** Counts since the start. */
export interface DuplicateCounts {
  /** Events dropped because they had been handled before. */
  repeats: number;
  /** Jumps of several offsets that re-reading did not fill. */
  gaps: number;
  /** Events that those jumps span. */
  missing: number;
  /** Single offsets without an event, such as transactions leave in Kafka. */
  skipped: number;
  /** Number of times that an upstream topic-partition was renumbered. */
  renumbered: number;
}

/** The result of one event: it was handled, or the stream must be read again. */
export type Verdict = "handled" | "reread";

/** A jump in the offsets, reported once it is accepted. */
export interface Gap {
  /** Upstream topic and partition. */
  readonly key: string;
  /** The number of offsets without an event. */
  readonly missing: number;
  /** The time in ms before the jump. */
  readonly from: number;
  /** The time in ms after the jump. */
  readonly to: number;
}

/** The number of re-reads without result after which a topic-partition is not re-read again. */
const MAX_FRUITLESS = 3;

/**
 * Distinguishes new events from duplicates, and finds gaps. It is pure: events in, verdicts out.
 *
 * The log of a topic-partition has one order. So everything up to and including the anchor (the
 * last event handled, recognized by `meta.id` and offset) is a duplicate, and everything after it
 * is new. Until the anchor has arrived, events are dropped, not held. If it turns out that it does
 * not arrive, the stream is read again from the position, which has not moved. So any number of
 * duplicates may arrive.
 *
 * The anchor does not arrive if this connection lost it, if upstream has deleted it, or if upstream
 * was renumbered. An event later than all handled ones proves that it is missing. In the first
 * case, the next connection brings the anchor. In the last case, it brings the anchor's id with
 * another offset, which is adopted. If it brings neither, the ids handled last identify duplicates,
 * and no event is dropped that could be new.
 *
 * An event whose id is in the log a second time is marked while the first is among the
 * {@linkcode KnownIds}: it is not published, but the position moves past it.
 */
export class Deduplicator<A extends PositionUpdate> {
  /** Counts since the start. */
  readonly counts: DuplicateCounts = { repeats: 0, gaps: 0, missing: 0, skipped: 0, renumbered: 0 };
  readonly #position: Position;
  readonly #onGap: (gap: Gap) => void;
  readonly #connections = new Map<string, ConnectionState>();
  /** Ids of handled events. */
  readonly #known = new KnownIds();
  /** The number of ids that this connection keeps until its anchors arrive. */
  #droppedIds = 0;
  readonly #missed = new MissedAnchors();
  /** Per topic-partition, the offset after which a gap was last re-read. */
  readonly #reread = new Map<string, number>();
  readonly #fruitless = new Map<string, number>();

  /**
   * Creates it before the first connection.
   *
   * @param position The position of what was received. This object advances it.
   * @param onGap Called with each gap that is accepted.
   */
  constructor(position: Position, onGap: (gap: Gap) => void = () => {}) {
    this.#position = position;
    this.#onGap = onGap;
  }

  /**
   * Begins a connection: events handled before arrive again, up to the anchors.
   *
   * @param anchored False if more than the anchors is skipped on purpose.
   */
  connected({ anchored = true }: { anchored?: boolean } = {}): void {
    for (const connection of this.#connections.values()) this.#noteEnd(connection);
    this.#connections.clear();
    this.#droppedIds = 0;
    for (const [key, place] of this.#position.places) {
      const connection = newConnectionState(key, this.#modeFor(key, place, anchored));
      if (place.offset < 0) connection.refusedBefore = place.refused;
      else if (!anchored) {
        this.#reread.set(key, place.offset);
        connection.next = offsetAfter(place);
      }
      this.#connections.set(key, connection);
    }
  }

  /** Whether every anchor has arrived, so that everything that follows is new. */
  get resumed(): boolean {
    return [...this.#connections.values()].every(({ mode }) => mode !== "resuming");
  }

  /** The number of events that this connection dropped for anchors that have not arrived. */
  get unresolved(): number {
    const open = [...this.#connections.values()].filter(({ mode }) => mode === "resuming");
    return open.reduce((sum, { dropped }) => sum + dropped, 0);
  }

  /**
   * Handles one event and appends it to `fresh` if it is new in the log.
   *
   * @returns `reread`: connect again at the position. The event was not accepted, since the anchor
   * or events before it are missing. This is requested a bounded number of times at one position.
   */
  take(received: A, fresh: A[]): Verdict {
    const { key } = received;
    const place = this.#position.get(key);
    const connection = this.#connections.get(key) ?? newConnectionState(key, "live");
    if (connection.mode === "resuming" && place !== undefined) {
      return this.#resume(received, place, connection, fresh);
    }
    return this.#takeInOrder(received, place, connection, fresh);
  }

  /** Handles the end of a connection that ended before its anchor arrived. */
  #noteEnd(connection: ConnectionState): void {
    const { key, anchorAt } = connection;
    const place = this.#position.get(key);
    if (place === undefined || !this.#missed.noteEnd(connection, place)) return;
    if (anchorAt !== undefined) this.#renumber(key, anchorAt);
  }

  #renumber(key: string, offset: number): void {
    this.counts.renumbered++;
    this.#position.renumber(key, offset);
  }

  #modeFor(key: string, place: PartitionPosition, anchored: boolean): ConnectionState["mode"] {
    if (!anchored || place.offset < 0) return "live";
    return this.#missed.isGone(key, place) ? "settling" : "resuming";
  }

  #resume(received: A, place: PartitionPosition, connection: ConnectionState, fresh: A[]): Verdict {
    const { offset, id } = received;
    connection.dropped++;
    if (id !== undefined) {
      if (hasId(place.id, id)) {
        if (offset === place.offset) return this.#arrive(id, place, connection);
        // The log may hold the id twice. Events between the two may be new.
        connection.anchorAt ??= offset;
        const time = received.timestamp ?? received.ahead ?? 0;
        connection.isAnchorLatest ||= offset! > place.offset && time >= place.timestamp;
      }
      if (!this.#known.has(id, connection.seed)) this.#keepId(id, connection);
    }
    if (!provesMissing(received, place, connection)) return "handled";
    return this.#anchorMissed(received, place, connection, fresh);
  }

  /** Handles the anchor: everything that was dropped for it had been handled before. */
  #arrive(id: string, place: PartitionPosition, connection: ConnectionState): Verdict {
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

  /** Keeps an id until its event is known to be handled: at most as many as are known later. */
  #keepId(id: string, connection: ConnectionState): void {
    if (this.#droppedIds >= KNOWN_IDS) {
      this.#droppedIds -= connection.droppedIds.length;
      connection.droppedIds = [];
    }
    if (this.#droppedIds >= KNOWN_IDS) return;
    connection.droppedIds.push(id);
    this.#droppedIds++;
  }

  #anchorMissed(
    received: A,
    place: PartitionPosition,
    connection: ConnectionState,
    fresh: A[],
  ): Verdict {
    const { key } = received;
    // Another connection may have the anchor; this one may just have lost it.
    if (this.#missed.note(key, place)) return "reread";
    this.#reread.set(key, place.offset);
    if (connection.anchorAt !== undefined) {
      this.#renumber(key, connection.anchorAt);
      return "reread";
    }
    connection.mode = "settling";
    // Everything that this connection dropped may be new.
    return connection.dropped > 1
      ? "reread"
      : this.#takeInOrder(received, place, connection, fresh);
  }

  #takeInOrder(
    received: A,
    place: PartitionPosition | undefined,
    connection: ConnectionState,
    fresh: A[],
  ): Verdict {
    const { key, offset, id } = received;
    if (offset === undefined || id === undefined) {
      return this.#takeRefused(received, connection, fresh);
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
        this.#noteGap(received, place, offset - connection.next);
      } else if (this.#reread.get(key) === place.offset) this.#fruitless.delete(key);
      if (isRenumbered) this.counts.renumbered++;
      connection.isRenumbered = false;
      connection.mode = "live";
    }
    connection.next = offset + 1;
    connection.refusedBefore = 0;
    if (isKnown) this.counts.repeats++;
    this.#accept(isKnown ? { ...received, isRepeated: true } : received, connection, fresh);
    return "handled";
  }

  #dropRepeat(offset: number, connection: ConnectionState, isSettling: boolean): Verdict {
    this.counts.repeats++;
    if (isSettling) {
      connection.isRenumbered = true;
      connection.next = offset + 1;
    }
    return "handled";
  }

  #takeRefused(received: A, connection: ConnectionState, fresh: A[]): Verdict {
    if (connection.next !== undefined) connection.next++;
    if (connection.refusedBefore > 0) {
      connection.refusedBefore--;
      this.counts.repeats++;
    } else this.#accept(received, connection, fresh);
    return "handled";
  }

  #accept(received: A, connection: ConnectionState, fresh: A[]): void {
    const { key } = connection;
    this.#position.advance(received);
    if (this.#position.get(key) !== undefined) {
      this.#connections.set(key, connection);
      if (received.id !== undefined) this.#known.add(received.id, connection.seed);
    }
    fresh.push(received);
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

/** Returns the offset expected after a position, if each rejected frame took one. */
function offsetAfter({ offset, refused }: PartitionPosition): number {
  return offset + 1 + refused;
}
