import { z } from "zod";
import { UserError } from "../../shared/error.ts";

/** How far the work has come: what is saved beside the records. */
export interface Progress {
  /** Events handled since the producer's name came into use; the offset that the group shows. */
  readonly handled: number;
  /** The position behind the last of them, for whoever reads the source; JSON. */
  readonly position: unknown;
}

/** A saved position, with who saved it: tells a producer that was taken over from one that was not. */
export interface SavedProgress extends Progress {
  readonly owner: string;
  readonly generation: number;
}

/** The group's offset metadata is limited to 4,096 bytes (`offset.metadata.max.bytes`) by default. */
const MAX_METADATA_BYTES = 4096;

const schema = z.object({
  v: z.literal(1),
  wikitap: z.literal("position"),
  owner: z.string(),
  generation: z.int().min(0),
  position: z.unknown(),
});

/** @throws {UserError} when the position has outgrown what Kafka keeps with an offset. */
export function encodeSaved({ owner, generation, position }: SavedProgress): string {
  const text = JSON.stringify({ v: 1, wikitap: "position", owner, generation, position });
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > MAX_METADATA_BYTES) {
    throw new UserError(
      `The position takes ${bytes} bytes, and Kafka keeps ${MAX_METADATA_BYTES}`,
      {
        hint: "Read fewer streams with one producer: give --stream-url fewer of them",
      },
    );
  }
  return text;
}

/**
 * What a group's offset and metadata say.
 *
 * @returns `undefined` where the group has neither.
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
