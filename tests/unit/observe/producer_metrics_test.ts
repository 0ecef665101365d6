import { assert, assertEquals } from "@std/assert";
import { newPublisherCounts } from "../../../lib/kafka/publish/publisher.ts";
import { Metrics } from "../../../lib/observe/metrics.ts";
import { addProducerMetrics } from "../../../lib/observe/producer_metrics.ts";
import { newCounts } from "../../../lib/produce/counts.ts";
import { familiesOf, valueOf } from "../../support/programs/prometheus.ts";

const NOW = Date.UTC(2026, 0, 1);

function observed() {
  const metrics = new Metrics();
  const counts = newCounts();
  const observe = addProducerMetrics(metrics, counts, () => NOW);
  return { counts, observe, scrape: async () => familiesOf(await metrics.text()) };
}

const record = (timestamp: number) => ({
  topic: "t",
  key: null,
  value: new Uint8Array(),
  timestamp,
});

Deno.test("addProducerMetrics() has all labels from the start, except the lag", async () => {
  const { scrape } = observed();
  const families = await scrape();
  const numbers = (name: string) => families.get(name)?.metrics.length;
  assertEquals(numbers("wikitap_events_total"), 24);
  assertEquals(numbers("wikitap_stream_reconnects_total"), 16);
  assertEquals(numbers("wikitap_transactions_total"), 2);
  assertEquals(valueOf(families, "wikitap_records_published_total"), 0);
  assertEquals(valueOf(families, "wikitap_kafka_connected"), 0);
  for (const name of ["wikitap_lag_seconds", "wikitap_position_age_seconds"]) {
    assertEquals([families.get(name)?.type, valueOf(families, name)], ["GAUGE", undefined]);
  }
});

Deno.test("addProducerMetrics() reads the counters at each scrape", async () => {
  const { counts, scrape } = observed();
  counts.outcomes.count({ type: "edit" }, "passed");
  counts.publisher = {
    ...newPublisherCounts(),
    batches: 1,
    aborted: 2,
    restarts: 3,
    connected: true,
  };
  counts.refused.set('wrong "shape":\n', 4);
  await scrape();
  Object.assign(counts, { published: 5, deadLetters: 6, queued: 7 });
  Object.assign(counts, { lastEventAt: NOW - 1500, savedUpTo: NOW + 100 });
  counts.outcomes.count({ type: "edit" }, "passed");
  const families = await scrape();
  const is = (name: string, value: number, labels?: Record<string, string>) =>
    assertEquals(valueOf(families, `wikitap_${name}`, labels), value, name);
  is("events_total", 2, { type: "edit", outcome: "passed" });
  is("events_total", 0, { type: "log", outcome: "passed" });
  is("transactions_total", 1, { outcome: "committed" });
  is("transactions_total", 2, { outcome: "aborted" });
  is("kafka_restarts_total", 3);
  is("kafka_connected", 1);
  is("refused_total", 4);
  is("records_published_total", 5);
  is("dead_letters_total", 6);
  is("queue_records", 7);
  is("lag_seconds", 1.5);
  is("position_age_seconds", 0);
});

Deno.test("addProducerMetrics() records a lag per record, and sizes above 0", async () => {
  const { observe, scrape } = observed();
  observe({ records: [record(NOW - 400), record(NOW - 40_000), record(NOW + 9)], ms: 20 });
  observe({ records: [], ms: 3000 });
  const families = await scrape();
  const [lag] = families.get("wikitap_commit_lag_seconds")!.metrics;
  assertEquals([lag!.count, lag!.buckets!["0.25"], lag!.buckets!["0.5"]], ["3", "1", "2"]);
  assertEquals([lag!.buckets!["30"], lag!.buckets!["60"]], ["2", "3"]);
  assertEquals(valueOf(families, "wikitap_batch_records"), 1);
  const [duration] = families.get("wikitap_transaction_duration_seconds")!.metrics;
  assertEquals([duration!.count, duration!.sum], ["2", "3.02"]);
});

Deno.test("addProducerMetrics() follows Prometheus's naming, with help texts", async () => {
  const { scrape } = observed();
  for (const { name, type, help } of (await scrape()).values()) {
    assertEquals(name.endsWith("_total"), type === "COUNTER", name);
    assert(/^wikitap_[a-z_]+$/.test(name), name);
    assert(/^[A-Z0-9].*\.$/.test(help), `${name}: ${help}`);
    assert(!/_(ms|milliseconds|count|sum|bucket)$/.test(name), name);
  }
});
