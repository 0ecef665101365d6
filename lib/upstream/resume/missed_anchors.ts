import type { Connection } from "./connection_state.ts";
import type { PartitionPosition, PositionUpdate } from "./partition_position.ts";

/** The number of consecutive connections without an expected anchor that prove that it is gone. */
const MAX_UNPROVEN = 3;
/** This many consecutive events later than T follow the anchor: in a run, T would have moved. */
const MIN_LATER = 16;
/** This many consecutive events later than T prove as much as one that is later than all others. */
const MAX_LATER = 1000;
/** The number of connections that must have missed an anchor: a single one may have lost it. */
const MAX_MISSED = 2;

/**
 * Remembers, per topic-partition, the anchors that did not come.
 *
 * An event later than all others proves that a connection has missed the anchor. If false
 * timestamps are ahead of it, a topic with few events per connection may have no such event. Then
 * connections count that ended among events which follow the anchor. An event later than T is not
 * enough: it may have a false timestamp, and precede the anchor. Nor is the anchor's id at another
 * offset: the log may hold an id twice, and the connection may have ended between the two.
 */
export class MissedAnchors {
  /** The offset of the anchor, and the number of connections that have missed it. */
  readonly #missed = new Map<string, { readonly offset: number; readonly times: number }>();
  /** Consecutive connections that ended without the anchor, among events that follow it. */
  readonly #unproven = new Map<string, number>();

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
    { key, mode, sawBeyond, later, anchorAt }: Connection,
    place: PartitionPosition,
  ): boolean {
    const isEvidence = sawBeyond || later >= MIN_LATER;
    if (mode !== "resuming" || !isEvidence) return false;
    const unproven = (this.#unproven.get(key) ?? 0) + 1;
    this.#unproven.set(key, unproven);
    if (unproven < MAX_UNPROVEN) return false;
    this.#unproven.delete(key);
    if (anchorAt === undefined) this.#missed.set(key, { offset: place.offset, times: MAX_MISSED });
    else this.#missed.delete(key);
    return true;
  }

  /** Forgets a topic-partition: its anchor has come. */
  delete(key: string): void {
    this.#missed.delete(key);
    this.#unproven.delete(key);
  }

  #times(key: string, { offset }: PartitionPosition): number {
    const missed = this.#missed.get(key);
    return missed?.offset === offset ? missed.times : 0;
  }
}

/** Returns whether an event that comes before its anchor proves that the anchor does not come. */
export function provesMissing(
  { offset, timestamp, ahead }: PositionUpdate,
  place: PartitionPosition,
  connection: Connection,
): boolean {
  // A rejected frame proves nothing: it has no time, and has not moved the place's time either.
  if (offset === undefined) return false;
  const time = timestamp ?? ahead ?? 0;
  // Against false timestamps, years ahead: no other event is ever later than those.
  connection.later = time > place.timestamp ? connection.later + 1 : 0;
  const isLater = timestamp !== undefined && timestamp > place.timestamp;
  connection.sawBeyond ||= isLater && offset > place.offset;
  return time > place.highest || connection.later >= MAX_LATER;
}
