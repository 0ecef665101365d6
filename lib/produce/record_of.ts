import { isCanary, type Transform } from "../edits/transform.ts";
import type { ProducerRecord } from "../shared/producer_record.ts";
import { RejectedEvent } from "../upstream/parse/event.ts";
import type { ReceivedEvent } from "../upstream/parse/received_event.ts";

/** Why an event becomes no record, although nothing is wrong with it. */
export type Dropped = "repeated" | "canary" | "filtered";

/**
 * Returns what a received event becomes: a record, the reason why it is dropped, or the error for which it
 * is rejected. The producer and a comparison with its topic both ask here.
 */
export function recordOf(
  { event, isRepeated, refusal = "unreadable" }: ReceivedEvent,
  transform: Transform,
): ProducerRecord | Dropped | RejectedEvent {
  if (isRepeated) return "repeated";
  if (event === undefined) return new RejectedEvent(refusal);
  if (isCanary(event)) return "canary";
  try {
    return transform(event) ?? "filtered";
  } catch (error) {
    if (error instanceof RejectedEvent) return error;
    throw error;
  }
}
