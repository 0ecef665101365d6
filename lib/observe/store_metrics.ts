import type { StoredBatch } from "../store/consumer/options.ts";
import type { Progress, Snapshot } from "../store/consumer/progress.ts";
import { BATCH_RECORDS, DURATIONS } from "./buckets.ts";
import { type Metrics, seconds, truth } from "./metrics.ts";

/**
 * The metrics of a store, read from its progress at each scrape. Cardinality: two outcomes and two
 * histograms.
 *
 * @returns What is to be told of every batch that was written.
 */
export function addStoreMetrics(
  metrics: Metrics,
  progress: Pick<Progress, "snapshot">,
): (batch: StoredBatch) => void {
  const gauges: readonly (readonly [string, string, (snapshot: Snapshot) => number | undefined])[] =
    [
      [
        "wikitap_kafka_connected",
        "1 while Kafka answers this member of the group.",
        ({ isKafkaConnected }) => truth(isKafkaConnected),
      ],
      [
        "wikitap_store_database_connected",
        "1 where the database is there, as far as the last attempt tells.",
        ({ isDatabaseAway }) => truth(!isDatabaseAway),
      ],
      [
        "wikitap_store_partitions",
        "Partitions that this member of the group stores.",
        ({ partitions }) => partitions,
      ],
      [
        "wikitap_store_lag_records",
        "Records of these partitions that are not stored; markers of transactions count.",
        ({ lagRecords }) => lagRecords,
      ],
      [
        "wikitap_store_lag_seconds",
        "How far in the past the last stored record is; 0 where nothing waits.",
        ({ lagMs }) => seconds(lagMs),
      ],
    ];
  for (const [name, help, read] of gauges) {
    metrics.gauge(name, help, () => read(progress.snapshot()));
  }
  metrics.counters(
    "wikitap_store_records_total",
    "Records that the database took: edits, and what was put aside.",
    ["outcome"],
    () => {
      const { edits, bad } = progress.snapshot();
      return [[{ outcome: "stored" }, edits], [{ outcome: "put_aside" }, bad]];
    },
  );
  const observeSize = metrics.histogram(
    "wikitap_store_batch_records",
    "Records of a batch.",
    BATCH_RECORDS,
  );
  const observeDuration = metrics.histogram(
    "wikitap_store_transaction_duration_seconds",
    "From the first attempt at a batch to its commit in the database.",
    DURATIONS,
  );
  return ({ records, ms }) => {
    observeSize(records);
    observeDuration(ms / 1000);
  };
}
