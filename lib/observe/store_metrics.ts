import type { StoredBatch } from "../store/consumer/options.ts";
import type { StoreProgress } from "../store/consumer/progress.ts";
import { BATCH_RECORDS, DURATIONS } from "./buckets.ts";
import { type Metrics, truth } from "./metrics.ts";
import { STORE_FACTS } from "./store_facts.ts";

/**
 * Adds the metrics of a store, which are read from its progress at each scrape. Cardinality: three
 * outcomes and two histograms.
 *
 * @returns A function that records each stored batch.
 */
export function addStoreMetrics(
  metrics: Metrics,
  progress: Pick<StoreProgress, "snapshot">,
): (batch: StoredBatch) => void {
  metrics.gauge(
    "wikitap_kafka_connected",
    "1 while Kafka answers this member of the group.",
    () => truth(progress.snapshot().isKafkaConnected),
  );
  metrics.gauge(
    "wikitap_store_database_connected",
    "1 if the last attempt to use the database succeeded.",
    () => truth(!progress.snapshot().isDatabaseAway),
  );
  for (const { metric, read } of STORE_FACTS) {
    if (metric !== undefined) metrics.gauge(...metric, () => read(progress.snapshot()));
  }
  metrics.counters(
    "wikitap_store_records_total",
    "Records handled, by outcome: stored edits, bad records (put_aside), records that --filter skipped.",
    ["outcome"],
    () => {
      const { edits, bad, skipped } = progress.snapshot();
      return [
        [{ outcome: "stored" }, edits],
        [{ outcome: "put_aside" }, bad],
        [{ outcome: "skipped" }, skipped],
      ];
    },
  );
  const observeSize = metrics.histogram(
    "wikitap_store_batch_records",
    "Records per batch.",
    BATCH_RECORDS,
  );
  const observeDuration = metrics.histogram(
    "wikitap_store_transaction_duration_seconds",
    "Time from the first attempt to write a batch to its commit.",
    DURATIONS,
  );
  return ({ records, ms }) => {
    observeSize(records);
    observeDuration(ms / 1000);
  };
}
