import { userAgent } from "../../../shared/version.ts";
import type { StreamOptions } from "../../../upstream/options.ts";
import { EventStream } from "../../../upstream/stream.ts";
import type { ProducerPlan } from "../../options/producer_plan.ts";

/** Returns a function that opens the stream of a plan at a position. */
export function streamOpener(
  { streamUrl: url, contact, idleTimeout }: ProducerPlan,
): (position: StreamOptions["position"], stop: AbortSignal) => EventStream {
  return (position, stop) =>
    new EventStream({ url, userAgent: userAgent(contact), position, stop, idleTimeout });
}
