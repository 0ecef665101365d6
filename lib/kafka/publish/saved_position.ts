import { z } from "zod";
import { UserError } from "../../shared/error.ts";

/** How far the work has come: what is saved with the records. */
export interface Progress {
  /** Events handled since the producer's name was first used: the offset that the group shows. */
  readonly handled: number;
  /** The position after the last of them, as the reader of the source wrote it; JSON. */
  readonly position: unknown;
}

/** A saved position and the producer that saved it, which shows whether another one took over. */
export interface SavedProgress extends Progress {
  readonly owner: string;
  readonly generation: number;
}

/** Kafka's default limit for the metadata of a group's offset (`offset.metadata.max.bytes`). */
const MAX_METADATA_BYTES = 4096;

const schema = z.object({
  v: z.literal(1),
  wikitap: z.literal("position"),
  owner: z.string(),
  generation: z.int().min(0),
  position: z.unknown(),
});

/** The room that is left for the position, with an owner that is a UUID. */
export const MAX_POSITION_BYTES: number = MAX_METADATA_BYTES -
  textOf({ owner: crypto.randomUUID(), generation: 1e9, position: "" }).length;

/** @throws {UserError} if the position is larger than what Kafka keeps with an offset. */
export function encodeSaved(progress: SavedProgress): string {
  const text = textOf(progress);
  const bytes = new TextEncoder().encode(text).length;
  if (bytes <= MAX_METADATA_BYTES) return text;
  throw new UserError(
    `Cannot save the position: it takes ${bytes} bytes, expected at most ${MAX_METADATA_BYTES}`,
    { hint: "Read fewer streams with one producer: see --stream-url" },
  );
}

/** The position has a version of its own, in its own form. */
function textOf({ owner, generation, position }: Omit<SavedProgress, "handled">): string {
  return JSON.stringify({ v: 1, wikitap: "position", owner, generation, position });
}

/**
 * Reads a group's offset and its metadata.
 *
 * @returns `undefined` if the group has neither.
 * @throws {UserError} for an offset without a position that can be read: never a silent fresh start.
 */
export function decodeSaved(
  group: string,
  offset: string,
  metadata: string | null | undefined,
): SavedProgress | undefined {
  if (offset === "-1") return undefined;
  let json: unknown;
  try {
    json = JSON.parse(metadata ?? "");
  } catch {
    json = undefined;
  }
  const saved = schema.safeParse(json);
  if (!saved.success) {
    const what = metadata
      ? `a position that cannot be read: '${metadata.slice(0, 80)}'`
      : "no position";
    throw new UserError(`The consumer group '${group}' has an offset, ${offset}, but ${what}`, {
      hint: "Another program may use this group: choose another --name, or forget what is saved " +
        "with --reset-position",
    });
  }
  const { owner, generation, position } = saved.data;
  return { handled: Number(offset), position, owner, generation };
}
