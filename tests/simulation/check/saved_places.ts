/** A place that a saved position names: the last event handled of an upstream topic. */
export interface SavedPlace {
  readonly name: string;
  readonly id: string;
  readonly offset: number;
}

/** Reads the places of a position, as it is saved with the group's offset. */
export function placesOf(metadata: string | undefined): SavedPlace[] {
  if (!metadata) return [];
  const { position } = JSON.parse(metadata);
  return Object.entries(position.places as Record<string, [number, number, string]>)
    .filter(([, [, offset]]) => offset >= 0)
    .map(([key, [, offset, id]]) => ({ name: key.slice(0, key.lastIndexOf("/")), offset, id }));
}

/** Reads the names of all topics that a position asks for. */
export function namedIn(metadata: string | undefined): string[] {
  if (!metadata) return [];
  const { position } = JSON.parse(metadata);
  return Object.keys(position.places).map((key) => key.slice(0, key.lastIndexOf("/")));
}
