import type { Connection } from "./connection_state.ts";
import type { PartitionPosition } from "./partition_position.ts";

/** So many connections in a row that should have brought an anchor prove that it does not come. */
const MAX_UNPROVEN = 3;
/** So many events in a row that are later than T follow the anchor: in a run, T would have moved. */
const MIN_LATER = 16;
/** An anchor that was missed so often does not come: one connection may have lost it. */
const MAX_MISSED = 2;

/**
 * Remembers, per topic-partition, the anchors that did not come.
 *
 * An event later than all proves that a connection has missed the anchor. Where false timestamps are
 * ahead of it, a topic with few events in a connection may have none. There, connections count that
 * ended among events which follow the anchor, or after the anchor's id at another offset. An event
 * later than T is not enough: it may be one of the false timestamps, before the anchor.
 */
export class MissedAnchors {
  /** The offset of the anchor, and how many connections have missed it. */
  readonly #missed = new Map<string, { readonly offset: number; readonly times: number }>();
  /** Connections in a row that ended without the anchor, among events that follow it. */
  readonly #unproven = new Map<string, number>();

  /** Whether the anchor does not come any more. */
  isGone(key: string, place: PartitionPosition): boolean {
    return this.#times(key, place) >= MAX_MISSED;
  }

  /** Notes that a connection has missed the anchor, and returns whether it is the first one. */
  note(key: string, place: PartitionPosition): boolean {
    const times = this.#times(key, place) + 1;
    this.#missed.set(key, { offset: place.offset, times });
    return times === 1;
  }

  /** Notes a connection that ended, and returns whether it was the last proof that is needed. */
  noteEnd(
    { key, mode, sawBeyond, later, anchorAt }: Connection,
    place: PartitionPosition,
  ): boolean {
    const isEvidence = sawBeyond || later >= MIN_LATER || anchorAt !== undefined;
    if (mode !== "resuming" || !isEvidence) return false;
    const unproven = (this.#unproven.get(key) ?? 0) + 1;
    this.#unproven.set(key, unproven);
    if (unproven < MAX_UNPROVEN) return false;
    this.#unproven.delete(key);
    if (anchorAt === undefined) this.#missed.set(key, { offset: place.offset, times: MAX_MISSED });
    else this.#missed.delete(key);
    return true;
  }

  /** Forgets what was noted of a topic-partition: its anchor has come. */
  delete(key: string): void {
    this.#missed.delete(key);
    this.#unproven.delete(key);
  }

  #times(key: string, { offset }: PartitionPosition): number {
    const missed = this.#missed.get(key);
    return missed?.offset === offset ? missed.times : 0;
  }
}
