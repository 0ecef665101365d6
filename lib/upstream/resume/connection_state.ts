import { hash64 } from "./hash.ts";

/** What is known of one topic-partition on the connection that is open. */
export interface Connection {
  readonly key: string;
  /** Stands for the key among known ids. */
  readonly seed: number;
  /**
   * `live`: the place is the truth. `resuming`: the anchor has not come yet. `settling`: it will not
   * come; what was handled lately is recognized by its id.
   */
  mode: "live" | "resuming" | "settling";
  /** Arrivals dropped while resuming. */
  dropped: number;
  /** Their ids, as far as they are not known: from before a restart. */
  droppedIds: string[];
  /** Where the anchor's id came with another offset. */
  anchorAt: number | undefined;
  /** Events in a row, before the anchor came, that are later than T. */
  later: number;
  /** Whether one was, with a credible timestamp and an offset after the anchor's. */
  sawBeyond: boolean;
  /** Refused frames after the anchor that were handled before. */
  refusedBefore: number;
  /** The offset expected next; `undefined` before it can be known. */
  next: number | undefined;
  /** The numbering is known to be another one than the place has. */
  isRenumbered: boolean;
}

export function newConnection(key: string, mode: Connection["mode"]): Connection {
  const halves = new Uint32Array(2);
  hash64(key, 0, halves);
  return {
    key,
    seed: halves[0]!,
    mode,
    dropped: 0,
    droppedIds: [],
    anchorAt: undefined,
    later: 0,
    sawBeyond: false,
    refusedBefore: 0,
    next: undefined,
    isRenumbered: false,
  };
}
