import { EVENT_TYPES, OUTCOMES } from "../produce/outcomes.ts";
import type { ProduceCounts } from "../produce/counts.ts";
import type { PublishedBatch } from "../produce/options.ts";
import { CAUSES } from "../upstream/connection/failure.ts";
import { BATCH_RECORDS, DURATIONS, LAGS } from "./buckets.ts";
import { type Metrics, seconds, truth } from "./metrics.ts";

/**
 * The metrics of a producer: all that it counts, read at each scrape. Cardinality: 24 events by type
 * and outcome, 51 reasons of refusals at the most, 16 causes of reconnects, three histograms.
 *
 * @returns What is to be told of every batch that was published.
 */
export function addProducerMetrics(
  metrics: Metrics,
  counts: ProduceCounts,
  now: () => number = Date.now,
): (batch: PublishedBatch) => void {
  addEvents(metrics, counts, now);
  addPublishing(metrics, counts, now);
  addStream(metrics, counts);
  return observer(metrics, now);
}

function addEvents(metrics: Metrics, counts: ProduceCounts, now: () => number): void {
  metrics.counters(
    "wikitap_events_total",
    "Events handled, by type and by what became of them; passed: a record for Kafka.",
    ["type", "outcome"],
    () =>
      EVENT_TYPES.flatMap((type) =>
        OUTCOMES.map((outcome) => [{ type, outcome }, counts.outcomes.get(type, outcome)] as const)
      ),
  );
  metrics.counters(
    "wikitap_refused_total",
    "Events and records that were refused, by reason.",
    ["reason"],
    () => [...counts.refused].map(([reason, count]) => [{ reason }, count] as const),
  );
  metrics.gauge(
    "wikitap_lag_seconds",
    "How long ago the last event handled happened.",
    () => seconds(since(counts.lastEventAt, now())),
  );
}

function addPublishing(metrics: Metrics, counts: ProduceCounts, now: () => number): void {
  metrics.counter(
    "wikitap_records_published_total",
    "Records that Kafka took, without dead letters.",
    () => counts.published,
  );
  metrics.counter(
    "wikitap_dead_letters_total",
    "Dead letters that were written.",
    () => counts.deadLetters,
  );
  metrics.gauge(
    "wikitap_queue_records",
    "Records that wait for Kafka or are on their way there.",
    () => counts.queued,
  );
  metrics.counters(
    "wikitap_transactions_total",
    "Transactions, or batches where delivery is at least once, by how they ended.",
    ["outcome"],
    () => [
      [{ outcome: "committed" }, counts.publisher?.batches ?? 0],
      [{ outcome: "aborted" }, counts.publisher?.aborted ?? 0],
    ],
  );
  metrics.counter(
    "wikitap_kafka_restarts_total",
    "Kafka producers that were made anew after a failure.",
    () => counts.publisher?.restarts ?? 0,
  );
  metrics.gauge(
    "wikitap_kafka_connected",
    "1 where Kafka is there, as far as the last attempt tells.",
    () => truth(counts.publisher?.connected),
  );
  metrics.gauge(
    "wikitap_position_age_seconds",
    "How far in the past the saved position in the stream is.",
    () => seconds(since(counts.savedUpTo, now())),
  );
}

function addStream(metrics: Metrics, counts: ProduceCounts): void {
  metrics.gauge(
    "wikitap_stream_connected",
    "1 while a connection to the stream is open.",
    () => truth(counts.stream?.connected),
  );
  metrics.counters(
    "wikitap_stream_reconnects_total",
    "Connections to the stream that ended, by what ended them.",
    ["cause"],
    () => CAUSES.map((cause) => [{ cause }, counts.stream?.reconnects.get(cause) ?? 0] as const),
  );
  const streamCounters = [
    ["received_bytes", "Bytes of the stream that were read.", "bytes"],
    [
      "keep_alives",
      "Empty frames, which some proxies send to keep a connection open.",
      "keepAlives",
    ],
    ["repeats", "Events that came again, and were dropped.", "repeats"],
    ["gaps", "Jumps in upstream's numbering that reading again did not fill.", "gaps"],
    ["missing_events", "Events that those jumps span.", "missing"],
    ["renumberings", "Times that an upstream topic came back with other offsets.", "renumbered"],
    ["passed_places", "Places passed since the stream failed there again and again.", "passed"],
  ] as const;
  for (const [name, help, key] of streamCounters) {
    metrics.counter(`wikitap_stream_${name}_total`, help, () => counts.stream?.[key] ?? 0);
  }
}

function observer(metrics: Metrics, now: () => number): (batch: PublishedBatch) => void {
  const observeSize = metrics.histogram(
    "wikitap_batch_records",
    "Records of a batch; those that only save the position do not count.",
    BATCH_RECORDS,
  );
  const observeDuration = metrics.histogram(
    "wikitap_transaction_duration_seconds",
    "From the first attempt at a batch to its commit.",
    DURATIONS,
  );
  const observeLag = metrics.histogram(
    "wikitap_commit_lag_seconds",
    "From an event to the commit of its record.",
    LAGS,
  );
  return ({ records, ms }) => {
    observeDuration(ms / 1000);
    if (records.length > 0) observeSize(records.length);
    const at = now();
    for (const { timestamp } of records) observeLag(Math.max(0, at - timestamp) / 1000);
  };
}

/** ms since a time; what is a little in the future counts as now. */
function since(time: number | undefined, now: number): number | undefined {
  return time === undefined ? undefined : Math.max(0, now - time);
}
