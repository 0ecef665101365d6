import { MAX_POSITION_BYTES } from "../kafka/publish/position/saved_position.ts";
import { UserError } from "../shared/error.ts";
import { fingerprint } from "../upstream/position/anchor.ts";
import { Position, type SavedPosition } from "../upstream/position/position.ts";

/** A position as it is saved: with its stream. */
export interface SavedForm extends SavedPosition {
  /** The URL of the stream, shortened if it is long. */
  readonly stream: string;
  /** The marks of the options that the records are made with; see `optionMarks()`. */
  readonly options?: string | undefined;
}

/** A URL up to this length is saved as it is. */
const MAX_URL_LENGTH = 200;

/**
 * Returns the form in which a position is saved.
 *
 * @param stream The URL of the stream.
 * @param options The marks of the options. Their length is fixed.
 * @throws {UserError} if it is too large for Kafka. The size depends only on the topics, so it
 * throws at the start of a new stream, or never.
 */
export function savedForm(stream: string, position: Position, options?: string): SavedForm {
  const named = { stream: streamName(stream), options };
  const form = { ...named, ...position.toJSON() };
  const bytes = sizeOf(form);
  if (bytes <= MAX_POSITION_BYTES) return form;
  const { fit, of } = fitting(named, position);
  throw new UserError(
    `Cannot save a position in ${of} streams: it takes ${bytes} bytes, ` +
      `expected at most ${MAX_POSITION_BYTES}`,
    {
      hint: `Read ${fit} of them with this producer, and the others with one that has another ` +
        "--name: see --stream-url",
    },
  );
}

/**
 * Reads a saved position. A position in another stream is allowed if nothing was read of it,
 * because that run could not reach its stream.
 *
 * @throws {UserError} for a position in another stream, or one that cannot be read.
 */
export function restore(saved: unknown, stream: string): Position {
  const hint = "Start again with --reset-position, or choose another --name";
  let position: Position;
  try {
    position = Position.fromJSON(saved);
  } catch (cause) {
    throw new UserError("Cannot resume: the saved position is unreadable", { hint, cause });
  }
  const savedStream = (saved as { stream?: unknown }).stream;
  const isOther = savedStream !== stream && savedStream !== streamName(stream);
  if (!isOther || position.partitions.size === 0) return position;
  throw new UserError(
    `Cannot resume: the saved position belongs to the stream '${savedStream}', expected '${stream}'`,
    { hint },
  );
}

/** Returns the name of a stream in a position: its URL, with a hash as its end if it is long. */
function streamName(url: string): string {
  if (url.length <= MAX_URL_LENGTH) return url;
  return `${url.slice(0, MAX_URL_LENGTH - 9)}#${fingerprint(url)}`;
}

/** Returns the bytes of the JSON, which is ASCII, since URLs and names of topics are. */
function sizeOf(form: SavedForm): number {
  return JSON.stringify(form).length;
}

/** Counts the streams, which are topics in any data center, and how many of them can be saved. */
function fitting(
  named: Pick<SavedForm, "stream" | "options">,
  position: Position,
): { fit: number; of: number } {
  const partitions = [...position.partitions];
  const byStream = Map.groupBy(partitions, ([key]) => key.slice(key.indexOf(".") + 1));
  let fit = byStream.size;
  while (--fit > 0) {
    const some = [...byStream.values()].slice(0, fit).flat();
    const { start } = position;
    const size = sizeOf({ ...named, ...new Position(start, some).toJSON() });
    if (size <= MAX_POSITION_BYTES) break;
  }
  return { fit, of: byStream.size };
}
