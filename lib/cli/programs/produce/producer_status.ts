import { statusFacts, statusParts } from "../../../observe/facts.ts";
import { PRODUCER_FACTS } from "../../../observe/producer_facts.ts";
import { formatDuration } from "../../../shared/duration.ts";
import type { ProduceCounts } from "../../../produce/counts.ts";
import { Rate } from "../../../shared/rate.ts";
import { rateText } from "../../../terminal/numbers.ts";
import type { ProgramStatus } from "../../../terminal/status_line.ts";

/** The facts behind the producer's status. */
export interface ProducerStatusInput {
  /** The counters of the producer. */
  readonly counts: ProduceCounts;
  /** Records published per second. */
  readonly edits: number;
  /** Events handled per second. */
  readonly events: number;
  /** Time of the stream that passes in a second, in ms: 1,000 when it is live. */
  readonly pace: number;
  /** The end of a back-fill, in ms since the epoch. */
  readonly until: number | undefined;
  /** Silence after which a connection is closed, in ms. */
  readonly idleTimeout: number;
  /** Whether the program is shutting down. */
  readonly isStopping: boolean;
  /** The current time, in ms since the epoch. */
  readonly now: number;
}

/** How long after a delay by a quota the producer still counts as throttled, in ms. */
const THROTTLE_CALM_MS = 5000;

/** The part of the idle timeout after which a silence is shown. */
const NOTABLE = 0.25;

/** Returns a function that computes the producer's current status. */
export function producerWatch(
  counts: ProduceCounts,
  { stop, now = Date.now, ...more }: Pick<ProducerStatusInput, "until" | "idleTimeout"> & {
    readonly stop: AbortSignal;
    readonly now?: () => number;
  },
): () => ProgramStatus {
  const edits = new Rate();
  const events = new Rate();
  const pace = new Rate();
  return () => {
    const at = now();
    return producerStatus({
      counts,
      ...more,
      now: at,
      isStopping: stop.aborted,
      edits: edits.next(counts.published, at),
      events: events.next(counts.events, at),
      pace: pace.next(counts.lastEventAt ?? counts.beganAt ?? at, at),
    });
  };
}

/**
 * Returns the status line: `reading · 12 edits/s · 31 events/s · 1.2s behind · 12,345 published …`.
 */
export function producerStatus(input: ProducerStatusInput): ProgramStatus {
  const { counts, edits, events, now } = input;
  const lag = counts.lastEventAt === undefined ? undefined : Math.max(0, now - counts.lastEventAt);
  const state = stateOf(input);
  const backFill = state.isHealthy ? backFillOf(input) : undefined;
  return {
    ...state,
    ...backFill === undefined ? {} : { state: "back-fill", progress: backFill.progress },
    parts: [
      ...backFill === undefined ? [] : [backFill.text],
      `${rateText(edits)} edits/s`,
      `${rateText(events)} events/s`,
      ...lag === undefined ? [] : [`${formatDuration(Math.round(lag / 100) * 100)} behind`],
      ...statusParts(PRODUCER_FACTS, counts),
    ],
    facts: {
      edits_per_second: round(edits),
      events_per_second: round(events),
      lag_seconds: lag === undefined ? undefined : lag / 1000,
      ...statusFacts(PRODUCER_FACTS, counts),
    },
  };
}

/** Age in ms beyond which an arriving event counts as history. */
const BACK_FILL = 60_000;

/** Returns the progress of a back-fill, to its end or until it is live. */
function backFillOf(
  { counts: { beganAt, lastEventAt, lastEventAge = 0 }, until, pace, now }: ProducerStatusInput,
): { progress: number; text: string } | undefined {
  if (beganAt === undefined || lastEventAt === undefined) return undefined;
  const end = until ?? now;
  if (until === undefined && lastEventAge < BACK_FILL) return undefined;
  const covered = Math.max(0, lastEventAt - beganAt);
  const progress = Math.min(1, covered / Math.max(1, end - beganAt));
  // Without `until`, the end is now, which advances while history is read.
  const gain = pace - (until === undefined ? 1000 : 0);
  const left = gain > 0 ? [`${formatDuration((end - lastEventAt) / gain * 1000)} left`] : [];
  return { progress, text: [`${formatDuration(covered)} covered`, ...left].join(", ") };
}

function stateOf(
  { counts, idleTimeout, isStopping, now }: ProducerStatusInput,
): Pick<ProgramStatus, "state" | "isHealthy"> {
  const { stream, publisher, handledAt } = counts;
  if (isStopping) return { state: "stopping", isHealthy: true };
  if (stream === undefined || publisher === undefined) {
    return { state: "starting", isHealthy: true };
  }
  if (!publisher.connected) return { state: "Kafka is unreachable", isHealthy: false };
  if (publisher.rejecting) return { state: "Kafka rejects the records", isHealthy: false };
  if (now < publisher.throttledUntil + THROTTLE_CALM_MS) {
    return { state: "throttled by Kafka", isHealthy: false };
  }
  if (stream.state === "ended") return { state: "ending", isHealthy: true };
  if (!stream.connected && stream.state === "away") {
    return { state: "the stream is unreachable", isHealthy: false };
  }
  if (!stream.connected && stream.state === "connecting") {
    return { state: "connecting", isHealthy: true };
  }
  // A log that ends in the past is silent, although the service is reachable.
  if (handledAt === undefined) return { state: "connected, no events yet", isHealthy: true };
  const silence = now - handledAt;
  if (silence < NOTABLE * idleTimeout) return { state: "reading", isHealthy: true };
  return { state: `silent for ${formatDuration(silence)}`, isHealthy: false };
}

function round(rate: number): number {
  return Math.round(rate * 10) / 10;
}
