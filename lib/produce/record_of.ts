import { isCanary } from "../edits/event/event_fields.ts";
import type { Transform } from "../edits/transform.ts";
import type { ProducerRecord } from "../shared/producer_record.ts";
import { RejectedEvent } from "../upstream/parse/event.ts";
import type { ReceivedEvent } from "../upstream/parse/received_event.ts";

/** The reasons for which a valid event becomes no record. */
export type Dropped = "repeated" | "canary" | "filtered";

/**
 * Returns what a received event becomes: a record, the reason for dropping it, or the error that
 * rejects it. The producer and `verify` both use this.
 */
export function recordOf(
  { event, isRepeated, rejection = "unreadable" }: ReceivedEvent,
  transform: Transform,
): ProducerRecord | Dropped | RejectedEvent {
  if (isRepeated) return "repeated";
  if (event === undefined) return new RejectedEvent(rejection);
  if (isCanary(event)) return "canary";
  try {
    return transform(event) ?? "filtered";
  } catch (error) {
    if (error instanceof RejectedEvent) return error;
    throw error;
  }
}
