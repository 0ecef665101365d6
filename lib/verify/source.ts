import { UserError } from "../shared/error.ts";
import { BackFill } from "../upstream/back_fill.ts";
import { Position } from "../upstream/position/position.ts";
import type { ReceivedEvent } from "../upstream/parse/received_event.ts";
import type { VerifyOptions } from "./options.ts";

/**
 * How far beyond a span the source is read, in ms. Upstream orders its log by the time at which an
 * event was written, and the span is by the time at which the edit happened; these differ by less
 * than a second in all that was seen.
 */
export const EDGE_MS = 10_000;

/** The last event of the span in an upstream log. */
export interface LastEvent {
  /** Its `meta.offset`. */
  readonly offset: number;
  /** Its Kafka timestamp, ms since 1970. */
  readonly timestamp: number;
}

/** The facts of a span of the source. */
export interface SourceFacts {
  /** The time of the first event, ms since 1970; `undefined` if there is none. */
  readonly first: number | undefined;
  /** By upstream topic-partition, in the order of their first events. */
  readonly last: ReadonlyMap<string, LastEvent>;
  /** Events that are missing upstream, by the gaps in its offsets. */
  readonly missing: number;
}

/** Allows to end the read of a span early. */
export interface SourceEnd {
  /** Moves the end of the span to an earlier time, in ms since 1970. */
  readonly endAt: (until: number) => void;
}

/**
 * Reads a span of the source, and a margin on both sides.
 *
 * @param take Called with each event, and the number of its log from 0.
 * @throws {UserError} if it is stopped, or the source cannot be read.
 */
export async function readSource(
  { open, since, until, stop }: Pick<VerifyOptions, "open" | "since" | "until" | "stop">,
  take: (received: ReceivedEvent, log: number, end: SourceEnd) => void,
): Promise<SourceFacts> {
  const position = new Position(Math.max(0, since - EDGE_MS));
  const backFill = new BackFill({
    open: (stop) => open(position, stop),
    until: until + EDGE_MS,
    stop,
  });
  let first: number | undefined;
  let end = until;
  const endAt = (until: number) => {
    end = until;
    backFill.endAt(until + EDGE_MS);
  };
  const logs = new Map<string, number>();
  const last = new Map<string, LastEvent>();
  for await (const events of backFill) {
    for (const received of events) {
      const { key, offset, timestamp } = received;
      let log = logs.get(key);
      if (log === undefined) logs.set(key, log = logs.size);
      if (timestamp !== undefined) {
        // A few events have false times, years back.
        if (timestamp >= position.start) first = Math.min(first ?? Infinity, timestamp);
        if (offset !== undefined && timestamp < end) last.set(key, { offset, timestamp });
      }
      take(received, log, { endAt });
    }
  }
  if (stop.aborted) throw stopped();
  return { first, last, missing: backFill.counts.missing };
}

/** Returns the error of a comparison that was stopped. */
export function stopped(): UserError {
  return new UserError("Cannot complete the comparison: the program was stopped");
}
