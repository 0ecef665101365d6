import { Position } from "../../../lib/upstream/position/position.ts";

/** The part of a saved position for one upstream topic: the last event handled. */
export interface SavedPlace {
  readonly name: string;
  /** Its `meta.id`, or a fingerprint of it: see `hasId()`. */
  readonly id: string;
  /** -1 if nothing was read of the topic. */
  readonly offset: number;
  /** The highest time that was read, or the start if nothing was, in ms. */
  readonly timestamp: number;
  /** The number of rejected frames after it. */
  readonly rejected: number;
}

/** The last result, because the same position is often read several times in a row. */
let last: { readonly metadata: string; readonly places: readonly SavedPlace[] } | undefined;

/** Reads the parts of a position in its saved form. */
export function placesOf(metadata: string | undefined): readonly SavedPlace[] {
  if (!metadata) return [];
  if (last?.metadata !== metadata) last = { metadata, places: read(metadata) };
  return last.places;
}

function read(metadata: string): SavedPlace[] {
  const { stream: _, ...position } = JSON.parse(metadata).position;
  return [...Position.fromJSON(position).partitions].map((
    [key, { id, offset, timestamp, rejected }],
  ) => ({
    name: key.slice(0, key.lastIndexOf("/")),
    id,
    offset,
    timestamp,
    rejected,
  }));
}
