import { Position } from "../../../lib/upstream/position/position.ts";

/** A place that a saved position names: the last event handled of an upstream topic. */
export interface SavedPlace {
  readonly name: string;
  /** Its `meta.id`, or a fingerprint of it: see `hasId()`. */
  readonly id: string;
  /** -1 if nothing was read of the topic. */
  readonly offset: number;
  /** Frames after it that were rejected. */
  readonly refused: number;
}

/** Reads the places of a position, as it is saved with the group's offset. */
export function placesOf(metadata: string | undefined): SavedPlace[] {
  if (!metadata) return [];
  const { stream: _, ...position } = JSON.parse(metadata).position;
  return [...Position.fromJSON(position).places].map(([key, { id, offset, refused }]) => ({
    name: key.slice(0, key.lastIndexOf("/")),
    id,
    offset,
    refused,
  }));
}
