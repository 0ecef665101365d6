import type { ConnectionState } from "./connection_state.ts";
import type { PartitionPosition, PositionUpdate } from "../position/partition_position.ts";

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
  /** The offset of the anchor, and the number of connections that have missed it. */
  readonly #missed = new Map<string, { readonly offset: number; readonly times: number }>();
  /** The evidence of consecutive connections that ended without the anchor. */
  readonly #evidence = new Map<string, number>();

  /** Returns whether the anchor is considered gone. */
  isGone(key: string, place: PartitionPosition): boolean {
    return this.#times(key, place) >= MAX_MISSED;
  }

  /** Notes that a connection has missed the anchor, and returns whether it is the first one. */
  note(key: string, place: PartitionPosition): boolean {
    const times = this.#times(key, place) + 1;
    this.#missed.set(key, { offset: place.offset, times });
    return times === 1;
  }

  /** Notes a connection that ended, and returns whether it completes the proof. */
  noteEnd(
    { key, mode, sawBeyond, later, anchorAt, isAnchorLatest }: ConnectionState,
    place: PartitionPosition,
  ): boolean {
    const isStrong = sawBeyond || later >= MIN_LATER || isAnchorLatest;
    if (mode !== "resuming" || (!isStrong && anchorAt === undefined)) return false;
    const evidence = (this.#evidence.get(key) ?? 0) + (isStrong ? STRONG : WEAK);
    this.#evidence.set(key, evidence);
    if (evidence < PROOF) return false;
    this.#evidence.delete(key);
    if (anchorAt === undefined) this.#missed.set(key, { offset: place.offset, times: MAX_MISSED });
    else this.#missed.delete(key);
    return true;
  }

  /** Forgets a topic-partition: its anchor has arrived. */
  delete(key: string): void {
    this.#missed.delete(key);
    this.#evidence.delete(key);
  }

  #times(key: string, { offset }: PartitionPosition): number {
    const missed = this.#missed.get(key);
    return missed?.offset === offset ? missed.times : 0;
  }
}

/**
 * Returns whether an event that arrives before its anchor proves that the anchor does not arrive.
 */
export function provesMissing(
  { offset, timestamp, ahead }: PositionUpdate,
  place: PartitionPosition,
  connection: ConnectionState,
): boolean {
  // A rejected frame proves nothing: it has no time, and does not move that of the position.
  if (offset === undefined) return false;
  const time = timestamp ?? ahead ?? 0;
  // After a false timestamp, years ahead, no other event is ever later.
  connection.later = time > place.timestamp ? connection.later + 1 : 0;
  const isLater = timestamp !== undefined && timestamp > place.timestamp;
  connection.sawBeyond ||= isLater && offset > place.offset;
  // A start "from now on" leaves events unread. One with a false timestamp may precede the anchor.
  const isProof = timestamp !== undefined || offset > place.offset;
  return (isProof && time > place.highest) || connection.later >= MAX_LATER;
}
