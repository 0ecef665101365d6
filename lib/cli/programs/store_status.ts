import { statusFacts, statusParts } from "../../observe/facts.ts";
import { STORE_FACTS } from "../../observe/store_facts.ts";
import { formatDuration } from "../../shared/duration.ts";
import { Rate } from "../../shared/rate.ts";
import type { ProgressSnapshot, StoreProgress } from "../../store/consumer/progress.ts";
import { counted, rateText } from "../../terminal/numbers.ts";
import type { ProgramStatus } from "../../terminal/status_line.ts";

/** The facts behind a store's status. */
export interface StoreStatusInput {
  /** The progress. */
  readonly snapshot: ProgressSnapshot;
  /** Records stored per second. */
  readonly rate: number;
  /** Whether the program is shutting down. */
  readonly isStopping: boolean;
}

/** Returns a function that computes the store's current status. */
export function storeWatch(
  progress: StoreProgress,
  stop: AbortSignal,
  now: () => number = Date.now,
): () => ProgramStatus {
  const records = new Rate();
  return () => {
    return storeStatus({
      snapshot: progress.snapshot(),
      rate: records.next(progress.records, now()),
      isStopping: stop.aborted,
    });
  };
}

/**
 * Returns the store's status line: `storing · 4,100 records/s · 1,200 records (3s) behind · 12,345
 * stored …`.
 */
export function storeStatus(input: StoreStatusInput): ProgramStatus {
  const { snapshot, rate } = input;
  return {
    ...stateOf(input),
    parts: [
      `${rateText(rate)} records/s`,
      ...snapshot.partitions > 0 ? [behind(snapshot.lagRecords, snapshot.lagMs)] : [],
      ...statusParts(STORE_FACTS, snapshot),
    ],
    facts: {
      records_per_second: Math.round(rate * 10) / 10,
      ...statusFacts(STORE_FACTS, snapshot),
    },
  };
}

function stateOf(
  { snapshot: { isKafkaConnected, isDatabaseAway, partitions }, isStopping }: StoreStatusInput,
): Pick<ProgramStatus, "state" | "isHealthy"> {
  if (isStopping) return { state: "stopping", isHealthy: true };
  if (isDatabaseAway) return { state: "the database is unreachable", isHealthy: false };
  if (isKafkaConnected === undefined) return { state: "starting", isHealthy: true };
  if (!isKafkaConnected) return { state: "Kafka is unreachable", isHealthy: false };
  return { state: partitions === 0 ? "standing by" : "storing", isHealthy: true };
}

function behind(records: number, ms: number): string {
  if (records === 0) return "up to date";
  const age = ms === 0 ? "" : ` (${formatDuration(ms)})`;
  return `${counted(records, "record")}${age} behind`;
}
