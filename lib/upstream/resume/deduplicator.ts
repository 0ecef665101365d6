import { hasId } from "../position/anchor.ts";
import {
  type ConnectionState,
  newConnectionState,
  noteOffset,
  rejectedAfter,
} from "./connection_state.ts";
import { DroppedIds } from "./dropped_ids.ts";
import { KnownIds } from "./known_ids.ts";
import { MissedAnchors, noteBeforeAnchor, provesMissing } from "./missed_anchors.ts";
import {
  offsetAfter,
  type PartitionPosition,
  type PositionUpdate,
} from "../position/partition_position.ts";
import type { Position } from "../position/position.ts";
import { Rereads } from "./rereads.ts";

/** Counts since the start. */
export interface DuplicateCounts {
  /** Events dropped because they had been handled before. */
  dropped: number;
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
  readonly counts: DuplicateCounts = { dropped: 0, gaps: 0, missing: 0, skipped: 0, renumbered: 0 };
  readonly #position: Position;
  readonly #onGap: (gap: Gap) => void;
  readonly #connections = new Map<string, ConnectionState>();
  /** Ids of handled events. */
  readonly #known = new KnownIds();
  readonly #droppedIds = new DroppedIds();
  readonly #missed = new MissedAnchors();
  readonly #rereads = new Rereads();

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
    const ended = new Map(this.#connections);
    this.#connections.clear();
    this.#droppedIds.clear();
    for (const [key, last] of this.#position.partitions) {
      const mode = this.#modeFor(key, last, anchored);
      const before = ended.get(key);
      const connection = newConnectionState(key, mode, before?.knowsIds);
      if (mode === "resuming" && before !== undefined) this.#droppedIds.carry(before, connection);
      if (last.offset < 0) connection.rejectedBefore = last.rejected;
      else if (!anchored) {
        this.#rereads.note(key, last);
        connection.next = offsetAfter(last);
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
    const last = this.#position.get(key);
    const connection = this.#connections.get(key) ?? newConnectionState(key, "live");
    if (connection.mode === "resuming" && last !== undefined) {
      return this.#resume(received, last, connection, fresh);
    }
    return this.#takeInOrder(received, last, connection, fresh);
  }

  /** Handles the end of a connection that ended before its anchor arrived. */
  #noteEnd(connection: ConnectionState): void {
    const { key, anchorAt } = connection;
    const last = this.#position.get(key);
    if (last === undefined || !this.#missed.noteEnd(connection, last)) return;
    if (anchorAt !== undefined) this.#renumber(key, anchorAt);
  }

  #renumber(key: string, offset: number): void {
    this.#noteRenumbering(key);
    this.#position.renumber(key, offset);
  }

  /** Counts a renumbering, and forgets offsets of the old numbering. */
  #noteRenumbering(key: string): void {
    this.counts.renumbered++;
    this.#rereads.forget(key);
    this.#missed.delete(key);
  }

  #modeFor(key: string, last: PartitionPosition, anchored: boolean): ConnectionState["mode"] {
    if (!anchored || last.offset < 0) return "live";
    return this.#missed.isGone(key, last) ? "settling" : "resuming";
  }

  #resume(received: A, last: PartitionPosition, connection: ConnectionState, fresh: A[]): Verdict {
    const { offset, id } = received;
    connection.dropped++;
    noteOffset(offset, connection);
    if (id !== undefined) {
      const isAnchorId = hasId(last.id, id);
      if (isAnchorId && offset === last.offset) return this.#arrive(id, last, connection);
      const isKnown = this.#known.has(id, connection.seed);
      noteBeforeAnchor(received, last, connection, this.#position, { isAnchorId, isKnown });
      if (isAnchorId) this.#known.add(id, connection.seed);
      else if (!isKnown) this.#droppedIds.add(id, connection);
    }
    if (!provesMissing(received, last, connection, this.#position)) return "handled";
    return this.#anchorMissed(received, last, connection, fresh);
  }

  /** Handles the anchor: everything that was dropped for it had been handled before. */
  #arrive(id: string, last: PartitionPosition, connection: ConnectionState): Verdict {
    this.counts.dropped += connection.dropped;
    connection.mode = "live";
    connection.knowsIds = true;
    connection.rejectedBefore = last.rejected;
    connection.next = last.offset + 1;
    this.#missed.delete(connection.key);
    for (const one of this.#droppedIds.take(connection)) this.#known.add(one, connection.seed);
    this.#known.add(id, connection.seed);
    return "handled";
  }

  #anchorMissed(
    received: A,
    last: PartitionPosition,
    connection: ConnectionState,
    fresh: A[],
  ): Verdict {
    const { key } = received;
    // Another connection may have the anchor; this one may just have lost it.
    if (this.#missed.note(connection, last)) return "reread";
    if (connection.anchorAt !== undefined) {
      this.#renumber(key, connection.anchorAt);
      return "reread";
    }
    this.#rereads.note(key, last);
    connection.mode = "settling";
    // Everything that this connection dropped may be new.
    return connection.dropped > 1 ? "reread" : this.#takeInOrder(received, last, connection, fresh);
  }

  #takeInOrder(
    received: A,
    last: PartitionPosition | undefined,
    connection: ConnectionState,
    fresh: A[],
  ): Verdict {
    const { key, offset, id } = received;
    if (offset === undefined || id === undefined) {
      return this.#takeRejected(received, connection, fresh);
    }
    const isKnown = this.#known.has(id, connection.seed);
    if (last !== undefined && last.offset >= 0) {
      const isSettling = connection.mode === "settling";
      const isBefore = offset <= last.offset;
      if (isKnown && (isSettling || isBefore)) {
        return this.#dropDuplicate(offset, connection, isSettling);
      }
      const isRenumbered = connection.isRenumbered || isBefore;
      if (isSettling && !isRenumbered) connection.next = offsetAfter(last);
      if (!isSettling && isRenumbered) connection.next = undefined;
      if (connection.next !== undefined && offset > connection.next) {
        if (this.#rereads.wants(key, last)) return "reread";
        this.#noteGap(received, last, offset - connection.next);
      } else this.#rereads.succeeded(key, last);
      if (isRenumbered) this.#noteRenumbering(key);
      connection.isRenumbered = false;
      connection.mode = "live";
    }
    const rejectedBehind = rejectedAfter(offset, connection);
    connection.rejectedBefore = rejectedBehind;
    connection.next = offset + 1;
    if (isKnown) this.counts.dropped++;
    const isUsual = !isKnown && rejectedBehind === 0;
    const event = isUsual ? received : { ...received, isRepeated: isKnown, rejectedBehind };
    this.#accept(event, connection, fresh);
    return "handled";
  }

  #dropDuplicate(offset: number, connection: ConnectionState, isSettling: boolean): Verdict {
    this.counts.dropped++;
    if (isSettling) {
      connection.isRenumbered = true;
      connection.next = offset + 1;
    }
    return "handled";
  }

  #takeRejected(received: A, connection: ConnectionState, fresh: A[]): Verdict {
    if (connection.next !== undefined) connection.next++;
    if (connection.rejectedBefore > 0) {
      connection.rejectedBefore--;
      this.counts.dropped++;
    } else this.#accept(received, connection, fresh);
    return "handled";
  }

  #accept(received: A, connection: ConnectionState, fresh: A[]): void {
    const { key } = connection;
    this.#position.advance(received);
    if (this.#position.get(key) !== undefined) {
      this.#connections.set(key, connection);
      if (received.id !== undefined) {
        this.#known.add(received.id, connection.seed);
        connection.knowsIds = true;
      }
    }
    fresh.push(received);
  }

  #noteGap({ key, timestamp }: A, last: PartitionPosition, missing: number): void {
    this.#rereads.failed(key, last);
    if (missing === 1) {
      this.counts.skipped++;
      return;
    }
    this.counts.gaps++;
    this.counts.missing += missing;
    this.#onGap({ key, missing, from: last.timestamp, to: timestamp ?? last.timestamp });
  }
}
