import { hash64 } from "../position/hash.ts";

/** The state of one topic-partition on the current connection. */
export interface ConnectionState {
  /** Upstream topic and partition. */
  readonly key: string;
  /** Distinguishes ids of this topic-partition among the known ids. */
  readonly seed: number;
  /**
   * `live`: new events are those after the position. `resuming`: the anchor has not arrived yet.
   * `settling`: the anchor will not arrive, so events handled lately are recognized by their ids.
   */
  mode: "live" | "resuming" | "settling";
  /** Events dropped while resuming. */
  dropped: number;
  /**
   * The ids of those that are unknown, because they were handled before a restart, and those that
   * earlier connections dropped.
   */
  droppedIds: Set<string>;
  /** Whether an event that was dropped may follow the anchor, if this connection has lost that. */
  mayBePast: boolean;
  /** Whether the anchor, and events before it, were handled since the start: their ids are known. */
  knowsIds: boolean;
  /** Whether an event arrived before the anchor that was handled. */
  sawHandled: boolean;
  /** Whether another one did. */
  sawUnknown: boolean;
  /** Whether the anchor's id arrived at another offset. */
  sawAnchorId: boolean;
  /** The first such offset that can be the anchor's. */
  anchorAt: number | undefined;
  /** Whether such an offset is higher, with T or a later timestamp, as that of the anchor would be. */
  isAnchorLatest: boolean;
  /** Consecutive events before the anchor that are later than T, and than a start not before T. */
  later: number;
  /** Whether one of them has a credible timestamp and an offset after the anchor's. */
  sawBeyond: boolean;
  /** Rejected frames that were handled before, and have not arrived yet. */
  rejectedBefore: number;
  /** The offset expected next; `undefined` before it is known. */
  next: number | undefined;
  /** Whether upstream numbers differently than the position. */
  isRenumbered: boolean;
}

/**
 * Returns how many of the rejected frames that were handled before can still arrive behind an event:
 * those for which no offsets are left before it. Then they first arrived without events that
 * precede them, which that connection had lost.
 */
export function rejectedAfter(
  offset: number,
  { rejectedBefore, next }: Pick<ConnectionState, "rejectedBefore" | "next">,
): number {
  if (rejectedBefore === 0 || next === undefined || offset < next) return 0;
  return Math.max(0, rejectedBefore - (offset - next));
}

/** Notes the offset of an event that is dropped; a jump can be an anchor that was lost. */
export function noteOffset(offset: number | undefined, connection: ConnectionState): void {
  const { next } = connection;
  if (offset === undefined) {
    if (next !== undefined) connection.next = next + 1;
    return;
  }
  connection.mayBePast ||= next !== undefined && offset > next;
  connection.next = offset + 1;
}

/** Returns the state of a topic-partition at the start of a connection. */
export function newConnectionState(
  key: string,
  mode: ConnectionState["mode"],
  knowsIds = false,
): ConnectionState {
  const halves = new Uint32Array(2);
  hash64(key, 0, halves);
  return {
    key,
    seed: halves[0]!,
    mode,
    dropped: 0,
    droppedIds: new Set(),
    mayBePast: false,
    knowsIds,
    sawHandled: false,
    sawUnknown: false,
    sawAnchorId: false,
    anchorAt: undefined,
    isAnchorLatest: false,
    later: 0,
    sawBeyond: false,
    rejectedBefore: 0,
    next: undefined,
    isRenumbered: false,
  };
}
