import { EVENT_TYPES, OUTCOMES } from "../produce/outcomes.ts";
import type { ProduceCounts } from "../produce/counts.ts";
import type { PublishedBatch } from "../produce/options.ts";
import { CAUSES } from "../upstream/connection/failure.ts";
import { PRODUCER_FACTS } from "./producer_facts.ts";
import { BATCH_RECORDS, DURATIONS, LAGS } from "./buckets.ts";
import { type Metrics, seconds, truth } from "./metrics.ts";

/**
 * Adds the metrics of a producer, which are read from its counters at each scrape. Cardinality: 24
 * pairs of event type and outcome, at most 51 reasons of rejections, 16 causes of reconnects, three
 * histograms.
 *
 * @returns A function that records each published batch.
 */
export function addProducerMetrics(
  metrics: Metrics,
  counts: ProduceCounts,
  now: () => number = Date.now,
): (batch: PublishedBatch) => void {
  for (const { metric, read } of PRODUCER_FACTS) {
    if (metric !== undefined) metrics.counter(...metric, () => read(counts));
  }
  addEvents(metrics, counts, now);
  addPublishing(metrics, counts, now);
  addStream(metrics, counts);
  return observer(metrics, now);
}

function addEvents(metrics: Metrics, counts: ProduceCounts, now: () => number): void {
  metrics.counters(
    "wikitap_events_total",
    "Events handled, by type and outcome. passed: became a record.",
    ["type", "outcome"],
    () =>
      EVENT_TYPES.flatMap((type) =>
        OUTCOMES.map((outcome) => [{ type, outcome }, counts.outcomes.get(type, outcome)] as const)
      ),
  );
  metrics.counters(
    "wikitap_refused_total",
    "Rejected events and records, by reason.",
    ["reason"],
    () => [...counts.refused].map(([reason, count]) => [{ reason }, count] as const),
  );
  metrics.gauge(
    "wikitap_lag_seconds",
    "Age of the last event handled.",
    () => seconds(since(counts.lastEventAt, now())),
  );
}

function addPublishing(metrics: Metrics, counts: ProduceCounts, now: () => number): void {
  metrics.gauge(
    "wikitap_queue_records",
    "Records pending or in flight.",
    () => counts.queued,
  );
  metrics.counters(
    "wikitap_transactions_total",
    "Transactions by outcome; with at-least-once delivery, batches.",
    ["outcome"],
    () => [
      [{ outcome: "committed" }, counts.publisher?.batches ?? 0],
      [{ outcome: "aborted" }, counts.publisher?.aborted ?? 0],
    ],
  );
  metrics.gauge(
    "wikitap_kafka_connected",
    "1 if the last attempt to use Kafka succeeded.",
    () => truth(counts.publisher?.connected),
  );
  metrics.gauge(
    "wikitap_position_age_seconds",
    "Age of the saved position.",
    () => seconds(since(counts.savedUpTo, now())),
  );
}

function addStream(metrics: Metrics, counts: ProduceCounts): void {
  metrics.gauge(
    "wikitap_stream_connected",
    "1 while the connection to the stream is open.",
    () => truth(counts.stream?.connected),
  );
  metrics.counters(
    "wikitap_stream_reconnects_total",
    "Connections to the stream that ended, by cause.",
    ["cause"],
    () => CAUSES.map((cause) => [{ cause }, counts.stream?.reconnects.get(cause) ?? 0] as const),
  );
}

function observer(metrics: Metrics, now: () => number): (batch: PublishedBatch) => void {
  const observeSize = metrics.histogram(
    "wikitap_batch_records",
    "Records per batch, excluding batches that only save the position.",
    BATCH_RECORDS,
  );
  const observeDuration = metrics.histogram(
    "wikitap_transaction_duration_seconds",
    "Time from the first attempt to publish a batch to its commit.",
    DURATIONS,
  );
  const observeLag = metrics.histogram(
    "wikitap_commit_lag_seconds",
    "Time from an event to the commit of its record.",
    LAGS,
  );
  return ({ records, ms }) => {
    observeDuration(ms / 1000);
    if (records.length > 0) observeSize(records.length);
    const at = now();
    for (const { timestamp } of records) observeLag(Math.max(0, at - timestamp) / 1000);
  };
}

/** Returns the ms since a time, or 0 for a time in the future. */
function since(time: number | undefined, now: number): number | undefined {
  return time === undefined ? undefined : Math.max(0, now - time);
}
