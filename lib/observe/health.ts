import { formatDuration } from "../shared/duration.ts";
import type { ProduceCounts } from "../produce/counts.ts";
import type { Snapshot } from "../store/consumer/progress.ts";

/** Whether all is well, and where it is not, why: as many sentences as there are reasons. */
export interface Health {
  readonly isWell: boolean;
  readonly reasons: readonly string[];
}

/** Well where there is no reason against it. */
export function healthFrom(reasons: readonly (string | false)[]): Health {
  const given = reasons.filter((reason) => reason !== false);
  return { isWell: given.length === 0, reasons: given };
}

/** A loop that is late by this much, in ms, does not turn any more. */
const LIVE_LIMIT = 10_000;

/**
 * Live: the event loop turns. While it is held by something nobody gets an answer at all; so this
 * says no only where the loop answers requests, and nothing else is done in it.
 *
 * @param delay How late the loop is, in ms.
 */
export function liveness(delay: number): Health {
  const isStuck = delay > LIVE_LIMIT;
  return healthFrom([isStuck && `The event loop has not turned for ${formatDuration(delay)}`]);
}

/** What a producer's readiness is told by; times in ms. */
export interface ProducerSigns {
  readonly counts: Pick<ProduceCounts, "handledAt" | "publisher">;
  /** Silence after which the stream's connection is given up. */
  readonly idleTimeout: number;
  readonly isStopping: boolean;
  readonly now: number;
}

/** Ready: Kafka is connected, and an event came within the idle limit. */
export function producerReadiness(
  { counts: { handledAt, publisher }, idleTimeout, isStopping, now }: ProducerSigns,
): Health {
  const silence = handledAt === undefined ? undefined : now - handledAt;
  return healthFrom([
    isStopping && "It is stopping",
    publisher?.connected !== true && "Kafka is not connected",
    silence === undefined ? "No event has come yet" : silence > idleTimeout &&
      `No event has come for ${formatDuration(silence)}, the limit is ${
        formatDuration(idleTimeout)
      }`,
  ]);
}

/** What a store's readiness is told by. */
export interface StoreSigns {
  readonly snapshot: Pick<Snapshot, "isKafkaConnected" | "isDatabaseAway">;
  readonly isStopping: boolean;
}

/** Ready: a member of its group that Kafka answers, and the database is there. */
export function storeReadiness({ snapshot, isStopping }: StoreSigns): Health {
  return healthFrom([
    isStopping && "It is stopping",
    snapshot.isKafkaConnected !== true && "Kafka is not connected",
    snapshot.isDatabaseAway && "The database is away",
  ]);
}
