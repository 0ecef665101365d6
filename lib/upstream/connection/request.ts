import { writeEventId } from "../parse/event_id.ts";
import type { Position } from "../position/position.ts";
import { StreamUnavailable } from "./failure.ts";
import { openResponse, type OpenStream, type RequestOptions } from "./response.ts";

/** The stream that is requested, and the position in it. */
export interface StreamRequest {
  /** The stream, without `since`. */
  readonly url: URL;
  /** See {@linkcode StreamOptions.userAgent}. */
  readonly userAgent: string;
  /** Where to resume. */
  readonly position: Position;
  /** The topic-partitions that existed when the stream was last read. */
  readonly present: ReadonlySet<string>;
  /** How far before each position it begins, in ms; negative: after it. */
  readonly margin: number;
}

/**
 * Requests a stream from a position: by Last-Event-ID if topic-partitions are known, otherwise by
 * time.
 *
 * The service answers 404 if one of several topic-partitions does not exist any more. The next
 * attempt names those that existed last. The attempt after that is by time, and names none.
 *
 * @throws {StreamUnavailable} as the last of these attempts.
 */
export async function requestFrom(
  wanted: StreamRequest,
  options: Omit<RequestOptions, "headers">,
): Promise<OpenStream> {
  const all = [...wanted.position.partitions.keys()];
  const present = all.filter((key) => wanted.present.has(key));
  const attempts = [all, present, []].filter((keys, i, before) =>
    i === 0 || keys.length < before[i - 1]!.length
  );
  for (const keys of attempts.slice(0, -1)) {
    try {
      return await send(keys, wanted, options);
    } catch (error) {
      if (!(error instanceof StreamUnavailable && error.reason === "http_404")) throw error;
    }
  }
  return await send(attempts.at(-1)!, wanted, options);
}

/** Requests these topic-partitions or, without any, all existing ones by time. */
function send(
  keys: readonly string[],
  { url, userAgent, position, margin }: StreamRequest,
  options: Omit<RequestOptions, "headers">,
): Promise<OpenStream> {
  const { start, earliest } = position;
  // Nothing before the start is wanted. But timestamps go back a little, and the start can be in the
  // future: it must not skip what follows an older event that was read.
  const from = (ms: number) => ms < start ? ms - Math.min(0, margin) : Math.max(start, ms - margin);
  const target = new URL(url);
  const headers: Record<string, string> = { "user-agent": userAgent };
  if (keys.length === 0) {
    target.searchParams.set("since", String(from(earliest)));
  } else {
    const times = keys.map((key) => {
      const { timestamp } = position.get(key)!;
      return [key, from(timestamp)] as const;
    });
    headers["last-event-id"] = writeEventId(times);
  }
  return openResponse(target, { ...options, headers });
}
