import { assertEquals } from "@std/assert";
import { Metrics } from "../../../lib/observe/metrics.ts";
import { addStoreMetrics } from "../../../lib/observe/store_metrics.ts";
import { familiesOf, valueOf } from "../../support/programs/prometheus.ts";

const snapshot = {
  edits: 10,
  bad: 2,
  skipped: 4,
  lagRecords: 1200,
  lagMs: 3000,
  partitions: 3,
  isDatabaseAway: false,
  isKafkaConnected: true,
};

Deno.test("addStoreMetrics() reads the progress at each scrape", async () => {
  const metrics = new Metrics();
  let isKafkaConnected = true;
  const progress = { snapshot: () => ({ ...snapshot, isKafkaConnected }) };
  const observe = addStoreMetrics(metrics, progress);
  observe({ records: 12, ms: 30 });
  const families = familiesOf(await metrics.text());
  const is = (name: string, labels?: Record<string, string>) =>
    valueOf(families, `wikitap_${name}`, labels);
  assertEquals(is("store_records_total", { outcome: "stored" }), 10);
  assertEquals(is("store_records_total", { outcome: "put_aside" }), 2);
  assertEquals([is("store_lag_records"), is("store_lag_seconds")], [1200, 3]);
  assertEquals([is("store_partitions"), is("store_database_connected")], [3, 1]);
  assertEquals([is("store_batch_records"), is("store_transaction_duration_seconds")], [1, 1]);
  assertEquals(is("kafka_connected"), 1);
  isKafkaConnected = false;
  assertEquals(valueOf(familiesOf(await metrics.text()), "wikitap_kafka_connected"), 0);
});
