import type { ConnectionState } from "./connection_state.ts";
import { KNOWN_IDS } from "./known_ids.ts";
import type { PartitionPosition, PositionUpdate } from "../position/partition_position.ts";
import type { Position } from "../position/position.ts";

/**
 * The evidence that proves an anchor gone, summed over consecutive connections: three with strong
 * evidence, or six with weak evidence.
 */
const PROOF = 6;
const STRONG = 2;
const WEAK = 1;
/** This many consecutive events later than T follow the anchor: in a run, T would have moved. */
const MIN_LATER = 16;
/** This many consecutive events later than T prove as much as one that is later than all others. */
const MAX_LATER = 1000;
/** The number of connections that must have missed an anchor: a single one may have lost it. */
const MAX_MISSED = 2;

/**
 * Remembers, per topic-partition, the anchors that did not arrive.
 *
 * An event later than all others proves that a connection has missed the anchor. If false
 * timestamps are ahead of it, a topic with few events per connection may have no such event. Then
 * connections count that ended among events which follow the anchor, or after the anchor's id at
 * a higher offset, with T. An event later than T is not enough: it may have a false timestamp, and
 * precede the anchor. The anchor's id with an earlier time or a lower offset is weak evidence: the
 * log may hold an id twice, and the connection may have ended between the two.
 */
export class MissedAnchors {
  readonly #missed = new Map<string, MissedAnchor>();

  /** Returns whether the anchor is considered gone. */
  isGone(key: string, last: PartitionPosition): boolean {
    return this.#get(key, last).times >= MAX_MISSED;
  }

  /** Notes that a connection has missed the anchor, and returns whether it is the first one. */
  note(connection: ConnectionState, last: PartitionPosition): boolean {
    const missed = this.#start(connection.key, last);
    // This connection may have lost the event that shows the anchor's new offset.
    missed.anchorAt = connection.anchorAt ??= missed.anchorAt;
    return missed.times++ === 0;
  }

  /** Notes a connection that ended, and returns whether it completes the proof. */
  noteEnd(
    { key, mode, sawBeyond, later, sawAnchorId, anchorAt, isAnchorLatest }: ConnectionState,
    last: PartitionPosition,
  ): boolean {
    const isStrong = sawBeyond || later >= MIN_LATER || isAnchorLatest;
    if (mode !== "resuming" || (!isStrong && !sawAnchorId)) return false;
    const missed = this.#start(key, last);
    missed.evidence += isStrong ? STRONG : WEAK;
    if (missed.evidence < PROOF) return false;
    missed.evidence = 0;
    if (anchorAt === undefined) missed.times = MAX_MISSED;
    return true;
  }

  /** Forgets a topic-partition: its anchor has arrived, or has another offset. */
  delete(key: string): void {
    this.#missed.delete(key);
  }

  #start(key: string, last: PartitionPosition): MissedAnchor {
    const missed = this.#get(key, last);
    this.#missed.set(key, missed);
    return missed;
  }

  #get(key: string, { offset }: PartitionPosition): MissedAnchor {
    const missed = this.#missed.get(key);
    if (missed?.offset === offset) return missed;
    return { offset, times: 0, evidence: 0, anchorAt: undefined };
  }
}

/** An anchor that did not arrive. */
interface MissedAnchor {
  readonly offset: number;
  /** The number of connections that have missed it. */
  times: number;
  /** The evidence of consecutive connections that ended without it. */
  evidence: number;
  /** The other offset at which its id arrived last. */
  anchorAt: number | undefined;
}

/** The starts of a position. */
type Starts = Pick<Position, "start" | "latestStart">;

/**
 * Returns the time (ms) up to which events of the log may not have been received although they
 * precede the anchor, so that they prove nothing: the latest start, as long as no credible timestamp
 * after the start was received.
 */
function unreadUntil({ timestamp }: PartitionPosition, { start, latestStart }: Starts): number {
  return timestamp <= start ? latestStart : -Infinity;
}

/** Returns the timestamp of an event in ms, credible or not; 0 if it has none. */
function timeOf({ timestamp, ahead }: PositionUpdate): number {
  return timestamp ?? ahead ?? 0;
}

/**
 * Notes an event that arrives before its anchor. If it has the anchor's id, it is the anchor in a
 * new numbering, or a copy of it. In the second case, if upstream has deleted the anchor, everything
 * before the copy is new. Then no event arrives that was handled. If the anchor was handled before a
 * restart, ids do not tell that, but offsets: none is before the anchor, and the copy is close.
 */
export function noteBeforeAnchor(
  event: PositionUpdate,
  last: PartitionPosition,
  connection: ConnectionState,
  position: Starts,
  { isAnchorId, isKnown }: { readonly isAnchorId: boolean; readonly isKnown: boolean },
): void {
  const { knowsIds } = connection;
  const { offset } = event;
  const distance = offset! - last.offset;
  connection.mayBePast ||= isAnchorId || distance > 0 || timeOf(event) > last.timestamp;
  if (!isAnchorId) {
    if (isKnown || (!knowsIds && distance <= 0)) connection.sawHandled = true;
    else if (timeOf(event) > unreadUntil(last, position)) connection.sawUnknown = true;
    return;
  }
  connection.sawAnchorId = true;
  const canBeCopy = knowsIds || (distance > 0 && distance <= KNOWN_IDS);
  const mayFollowNew = canBeCopy && connection.sawUnknown && !connection.sawHandled;
  // The log may hold the id twice. Events between the two may be new.
  if (!mayFollowNew) connection.anchorAt ??= offset;
  connection.isAnchorLatest ||= distance > 0 && timeOf(event) >= last.timestamp;
}

/**
 * Returns whether an event that arrives before its anchor proves that the anchor does not arrive.
 */
export function provesMissing(
  event: PositionUpdate,
  last: PartitionPosition,
  connection: ConnectionState,
  position: Starts,
): boolean {
  const { offset, timestamp } = event;
  // A rejected frame proves nothing: it has no time, and does not move that of the position.
  if (offset === undefined) return false;
  const time = timeOf(event);
  // After a false timestamp, years ahead, no other event is ever later.
  const isNews = time > Math.max(last.timestamp, unreadUntil(last, position));
  connection.later = isNews ? connection.later + 1 : 0;
  const isLater = timestamp !== undefined && timestamp > last.timestamp;
  connection.sawBeyond ||= isLater && offset > last.offset;
  // A start "from now on" leaves events unread. One with a false timestamp may precede the anchor.
  const isProof = timestamp !== undefined || offset > last.offset;
  return (isProof && time > last.highest) || connection.later >= MAX_LATER;
}
