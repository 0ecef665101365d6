import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { chart } from "../../bench/chart.ts";
import { median, percentile } from "../../support/tools/statistics.ts";
import { report } from "../../bench/report.ts";
import type { Results, Series } from "../../bench/results.ts";

const series = (name: string, ...seconds: number[]): Series => ({
  name,
  runs: seconds.map((seconds) => ({
    seconds,
    cpu: seconds / 2,
    peak: 100,
    steady: 90,
    edits: 1000,
    events: 2500,
  })),
});

const results: Results = {
  machine: "a machine",
  versions: "Deno",
  date: "2026-01-01",
  events: 2500,
  peers: [
    series("wikitap, exactly-once", 1, 2, 1),
    series("Python: requests, confluent-kafka", 2),
    { name: "Go: net/http, franz-go", runs: [], skipped: "no go" },
  ],
  growth: [series("10⁵ events", 1)],
  latency: [],
};

Deno.test("report() has medians, ratios, omissions and targets", () => {
  const text = report(results);
  assertStringIncludes(text, "| wikitap, exactly-once | 1,000 (500–1,000) |");
  assertStringIncludes(
    text,
    "| Python: requests, confluent-kafka | 500 | 2.00 × | 400.0 | 0.50 × |",
  );
  assertStringIncludes(text, "Not run: Go: net/http, franz-go (no go)");
  assertStringIncludes(text, "| edits/s, divided by confluent-kafka's | at least 2 | 2.00 | met |");
  assertStringIncludes(text, "| edits/s, divided by franz-go's | at least 1.5 | not measured |");
});

Deno.test("chart() has a bar for each producer that ran", () => {
  const svg = chart(results.peers);
  assertEquals(svg.match(/rx="3"/g)!.length, 2);
  assert(svg.startsWith("<svg ") && !svg.includes("NaN"));
});

Deno.test("median() and percentile() of even, odd and few values", () => {
  assertEquals([median([3, 1, 2]), median([4, 1, 2, 3]), median([7])], [2, 2.5, 7]);
  assertEquals([percentile([1, 2, 3, 4], 0.5), percentile([1, 2, 3, 4], 0.99)], [2, 4]);
});
