import { assert, assertEquals, assertThrows } from "@std/assert";
import { parse } from "npm:yaml@2.9.1";
import { EventLoopWatch } from "../../../lib/observe/event_loop.ts";
import { Metrics } from "../../../lib/observe/metrics.ts";
import { addProcessMetrics } from "../../../lib/observe/process_metrics.ts";
import { addProducerMetrics } from "../../../lib/observe/producer_metrics.ts";
import { addStoreMetrics } from "../../../lib/observe/store_metrics.ts";
import { newCounts } from "../../../lib/produce/counts.ts";
import { StoreProgress } from "../../../lib/store/consumer/progress.ts";
import { familiesOf, type Family, valueOf } from "../../support/programs/prometheus.ts";
import { selectionsOf } from "../../support/programs/promql.ts";

const read = (file: string) =>
  Deno.readTextFileSync(new URL(`../../../ops/${file}`, import.meta.url));

/** Labels that Prometheus adds at a scrape. */
const ADDED = ["instance", "job"];

/** All metrics of the programs. */
async function allFamilies(): Promise<Map<string, Family>> {
  using loop = new EventLoopWatch();
  const producer = new Metrics();
  const store = new Metrics();
  addProcessMetrics(producer, loop);
  addProducerMetrics(producer, newCounts());
  addStoreMetrics(store, new StoreProgress());
  const texts = await Promise.all([producer.text(), store.text()]);
  return new Map(texts.flatMap((text) => [...familiesOf(text)]));
}

/** Throws for a query of an unknown metric, or of a value that its label never has. */
function checkQuery(query: string, families: ReadonlyMap<string, Family>): void {
  const selections = selectionsOf(query.replaceAll("$__rate_interval", "5m"));
  assert(selections.length > 0, query);
  for (const { metric, labels } of selections) {
    if (metric === "up") continue;
    const whole = families.get(metric);
    const name = metric.replace(/_(bucket|sum|count)$/, "");
    const family = whole ?? families.get(name);
    assert(family !== undefined, `No program has '${metric}': ${query}`);
    assertEquals(family.type === "HISTOGRAM", whole === undefined, query);
    const own = Object.fromEntries(Object.entries(labels).filter(([key]) => !ADDED.includes(key)));
    if (Object.keys(own).length > 0) {
      assert(valueOf(families, family.name, own) !== undefined, `Never so: ${query}`);
    }
  }
}

Deno.test("ops/alerts.yml uses existing metrics, and has summaries", async () => {
  const families = await allFamilies();
  const { groups } = parse(read("alerts.yml"));
  assertEquals(groups.length, 1);
  const names = new Set<string>();
  for (const { alert, expr, labels, annotations } of groups[0].rules) {
    checkQuery(expr, families);
    assert(["warning", "critical"].includes(labels.severity), alert);
    assert(annotations.summary.length > 10, alert);
    names.add(alert);
  }
  assertEquals(names.size, groups[0].rules.length);
});

Deno.test("ops/grafana.json uses existing metrics, and all important ones", async () => {
  const families = await allFamilies();
  const { panels } = JSON.parse(read("grafana.json"));
  const queries: string[] = panels.flatMap(({ targets }: { targets: { expr: string }[] }) =>
    targets.map(({ expr }) => expr)
  );
  for (const query of queries) checkQuery(query, families);
  const counters = [...families.values()].filter(({ type }) => type !== "GAUGE");
  const unseen = counters.filter(({ name }) => !queries.some((query) => query.includes(name)));
  assertEquals(unseen.map(({ name }) => name).sort(), [
    "wikitap_stream_keep_alives_total",
    "wikitap_stream_passed_places_total",
    "wikitap_stream_received_bytes_total",
    "wikitap_stream_renumberings_total",
    "wikitap_stream_skipped_offsets_total",
  ]);
});

Deno.test("checkQuery() finds queries that never match", async () => {
  const families = await allFamilies();
  const fails = (query: string) => assertThrows(() => checkQuery(query, families));
  fails("wikitap_event_total > 1");
  fails('rate(wikitap_transactions_total{outcome="abort"}[5m])');
  fails("wikitap_commit_lag_seconds > 1");
  fails("wikitap_lag_seconds_count > 1");
  fails("sum by (wikitap_lag_seconds");
});
