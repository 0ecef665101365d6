import { formatDuration } from "../shared/duration.ts";
import type { ProduceCounts } from "../produce/counts.ts";
import type { ProgressSnapshot } from "../store/consumer/progress.ts";

/** The result of a health check. */
export interface Health {
  /** Whether the check passed. */
  readonly isHealthy: boolean;
  /** One sentence per reason for a failed check. */
  readonly reasons: readonly string[];
}

/** Returns the result of a check that fails if there is a reason. */
export function healthFrom(reasons: readonly (string | false)[]): Health {
  const given = reasons.filter((reason) => reason !== false);
  return { isHealthy: given.length === 0, reasons: given };
}

/** Delay after which the event loop counts as blocked, in ms. */
const LIVE_LIMIT = 10_000;

/**
 * Returns whether the event loop responds. A blocked loop cannot answer at all, so this fails only
 * if the loop answers requests but runs its timers late.
 *
 * @param delay The delay of the loop, in ms.
 */
export function liveness(delay: number): Health {
  const isStuck = delay > LIVE_LIMIT;
  return healthFrom([isStuck && `The event loop has not responded for ${formatDuration(delay)}`]);
}

/** The facts behind a producer's readiness. */
export interface ProducerReadinessInput {
  /** The counters of the producer. */
  readonly counts: Pick<ProduceCounts, "handledAt" | "publisher">;
  /** Silence after which the connection to the stream is closed, in ms. */
  readonly idleTimeout: number;
  /** Whether the program is shutting down. */
  readonly isStopping: boolean;
  /** The current time, in ms since the epoch. */
  readonly now: number;
}

/** Returns whether Kafka is connected and an event arrived within the idle timeout. */
export function producerReadiness(
  { counts: { handledAt, publisher }, idleTimeout, isStopping, now }: ProducerReadinessInput,
): Health {
  const silence = handledAt === undefined ? undefined : now - handledAt;
  return healthFrom([
    isStopping && "The program is stopping",
    publisher?.connected !== true && "Kafka is not connected",
    publisher?.rejecting === true && "Kafka rejects the records",
    silence === undefined ? "No event has arrived yet" : silence > idleTimeout &&
      `No event has arrived for ${formatDuration(silence)}, the limit is ${
        formatDuration(idleTimeout)
      }`,
  ]);
}

/** The facts behind a store's readiness. */
export interface StoreReadinessInput {
  /** The progress of the store. */
  readonly snapshot: Pick<ProgressSnapshot, "isKafkaConnected" | "isDatabaseAway">;
  /** Whether the program is shutting down. */
  readonly isStopping: boolean;
}

/** Returns whether Kafka answers this member of the group and the database is connected. */
export function storeReadiness({ snapshot, isStopping }: StoreReadinessInput): Health {
  return healthFrom([
    isStopping && "The program is stopping",
    snapshot.isKafkaConnected !== true && "Kafka is not connected",
    snapshot.isDatabaseAway && "The database is not connected",
  ]);
}
