import { z } from "zod";
import { UserError } from "../../../shared/error.ts";

/** The progress of a producer, saved with its records. */
export interface Progress {
  /** Events handled since the producer's name was first used: the group's offset. */
  readonly handled: number;
  /** The position after the last of them, as the stream's reader wrote it; JSON. */
  readonly position: unknown;
}

/** Saved progress with the producer that saved it, which shows whether another one took over. */
export interface SavedProgress extends Progress {
  /** The id of that producer's start. */
  readonly owner: string;
  /** The number of that start; see `Ownership`. */
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

/** The bytes that remain for the position, with an owner that is a UUID. */
export const MAX_POSITION_BYTES: number = MAX_METADATA_BYTES -
  textOf({ owner: crypto.randomUUID(), generation: 1e9, position: "" }).length;

/**
 * Encodes progress as the metadata of the group's offset.
 *
 * @throws {UserError} if it is larger than Kafka's limit.
 */
export function encodeSaved(progress: SavedProgress): string {
  const text = textOf(progress);
  const bytes = new TextEncoder().encode(text).length;
  if (bytes <= MAX_METADATA_BYTES) return text;
  throw new UserError(
    `Cannot save the position: it takes ${bytes} bytes, expected at most ${MAX_METADATA_BYTES}`,
    { hint: "Read fewer streams with one producer: see --stream-url" },
  );
}

/** Returns the metadata as text. The position has its own version. */
function textOf({ owner, generation, position }: Omit<SavedProgress, "handled">): string {
  return JSON.stringify({ v: 1, wikitap: "position", owner, generation, position });
}

/**
 * Decodes a group's offset and its metadata.
 *
 * @returns `undefined` if the group has neither.
 * @throws {UserError} for an offset without a readable position: never a silent new start.
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
    throw new UserError(
      `Cannot read the position of '${group}': the consumer group has an offset, ${offset}, but ${what}`,
      {
        hint: "Another program may use this group: choose another --name, or delete the saved " +
          "position with --reset-position",
      },
    );
  }
  const { owner, generation, position } = saved.data;
  return { handled: Number(offset), position, owner, generation };
}
