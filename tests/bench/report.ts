import {
  cpuPerMillion,
  editsPerSecond,
  eventsPerSecond,
  type Range,
  rangeOf,
  type Results,
  type Series,
} from "./results.ts";

/** The targets, and the results that they apply to. */
interface Bar {
  readonly what: string;
  readonly wanted: string;
  readonly found: number | undefined;
  readonly isMet: (found: number) => boolean;
}

/** Formats the results as Markdown. */
export function report(results: Results): string {
  const { machine, versions, date, events } = results;
  return [
    "# How fast it is",
    "",
    "Made by `deno task bench --output docs`. The producers take turns, in several rounds, on the " +
    `machine of the source and the broker: ${machine}; ${versions}; ${date}. The source has ` +
    `${format(events)} synthetic events of recorded sizes, 38 % of them edits; the slowest ` +
    "producers get a tenth of them. A run counts after a reader of committed records has counted " +
    "every record. Time runs from the first byte read to the end of the process. CPU time is that " +
    "of the producing process, with its start. Medians, with minimum and maximum. The two columns " +
    "of ratios compare wikitap's first row: its edits/s, and the CPU time that it takes of the " +
    "other's.",
    "",
    "![Edits per second of each producer](speed.svg)",
    "",
    "## Beside other ways",
    "",
    ...peerTable(results.peers),
    "",
    ...results.peers.filter(({ skipped }) => skipped !== undefined)
      .map(({ name, skipped }) => `Not run: ${name} (${skipped}).\n`),
    "## How it grows",
    "",
    ...growthTable(results.growth),
    "",
    "## At live pace",
    "",
    "40 edits a second. The latency is from the event's own time to a reader of committed " +
    "records. CPU is in percent of one core, after the start; that of the broker is above idle. " +
    "Log bytes are those of the topic, the offsets and the transactions.",
    "",
    ...latencyTable(results),
    "",
    "## What is aimed at",
    "",
    ...barTable(barsOf(results)),
    "",
  ].join("\n");
}

function peerTable(peers: readonly Series[]): string[] {
  const [ours] = peers;
  return table(
    ["producer", "edits/s", "wikitap is", "CPU s per 10⁶ events", "wikitap takes", "memory, MB"],
    peers.filter(({ runs }) => runs.length > 0).map((series) => [
      series.name,
      ranged(editsPerSecond(series)),
      series === ours ? "" : `${ratio(ours!, series).toFixed(2)} ×`,
      ranged(cpuPerMillion(series), 1),
      series === ours ? "" : `${cpuRatio(ours!, series).toFixed(2)} ×`,
      ranged(rangeOf(series.runs.map(({ peak }) => peak))),
    ]),
  );
}

function growthTable(growth: readonly Series[]): string[] {
  return table(
    ["exactly once, with", "events/s", "CPU s per 10⁶ events", "memory at most, steady, MB"],
    growth.map((series) => [
      series.name,
      ranged(eventsPerSecond(series)),
      ranged(cpuPerMillion(series), 1),
      series.runs.map(({ peak, steady }) => `${format(peak)}, ${format(steady)}`).join("; "),
    ]),
  );
}

function latencyTable({ latency }: Results): string[] {
  return table(
    [
      "",
      "p50, ms",
      "p99, ms",
      "max, ms",
      "start to first edit, ms",
      "transactions/s",
      "log bytes per byte",
      "producer CPU, %",
      "broker CPU, %",
    ],
    latency.map(({ name, latency }) => [
      name,
      ...[latency.p50, latency.p99, latency.max, latency.startUp].map((ms) => format(ms)),
      latency.transactionsPerSecond.toFixed(1),
      latency.logOverhead.toFixed(2),
      ...[latency.producerCpu, latency.brokerCpu].map((share) => format(100 * share, 1)),
    ]),
  );
}

function barsOf({ peers, growth, latency }: Results): Bar[] {
  const [ours] = peers;
  const find = (all: readonly Series[], text: string) =>
    all.find(({ name, runs }) => name.includes(text) && runs.length > 0);
  const timesAsFast = (text: string) => {
    const peer = find(peers, text);
    return peer && ratio(ours!, peer);
  };
  const timesTheCpu = (text: string) => {
    const peer = find(peers, text);
    return peer && cpuRatio(ours!, peer);
  };
  const [small, large] = [find(growth, "10⁵"), find(growth, "10⁷")];
  const live = latency[0]?.latency;
  return [
    bar("times confluent-kafka's edits/s", 2, timesAsFast("confluent")),
    bar("times franz-go's edits/s", 1.5, timesAsFast("net/http, franz-go")),
    bar("of franz-go's CPU time", 0.7, timesTheCpu("net/http, franz-go"), "at most"),
    bar("of confluent-kafka's CPU time", 1, timesTheCpu("confluent"), "at most"),
    bar("times the tutorial's edits/s", 10, timesAsFast("tutorial")),
    bar("ms to a reader, median", 30, live?.p50, "at most"),
    bar("ms to a reader, 99 of 100", 90, live?.p99, "at most"),
    bar(
      "of 10⁵ events' rate at 10⁷",
      0.95,
      small && large && eventsPerSecond(large).median / eventsPerSecond(small).median,
    ),
    bar("MB of memory at 10⁷ events", 200, large?.runs[0]?.peak, "at most"),
  ];
}

function bar(
  what: string,
  wanted: number,
  found: number | undefined,
  kind: "at least" | "at most" = "at least",
): Bar {
  const isMet = (found: number) => kind === "at least" ? found >= wanted : found <= wanted;
  return { what, wanted: `${kind} ${wanted}`, found, isMet };
}

function barTable(bars: readonly Bar[]): string[] {
  return table(
    ["", "wanted", "found", ""],
    bars.map(({ what, wanted, found, isMet }) => [
      what,
      wanted,
      found === undefined ? "not measured" : found < 20 ? found.toFixed(2) : format(found),
      found === undefined ? "" : isMet(found) ? "met" : "missed",
    ]),
  );
}

function ratio(ours: Series, other: Series): number {
  return editsPerSecond(ours).median / editsPerSecond(other).median;
}

function cpuRatio(ours: Series, other: Series): number {
  return cpuPerMillion(ours).median / cpuPerMillion(other).median;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}

function ranged({ median, least, most }: Range, digits = 0): string {
  if (least === most) return format(median, digits);
  return `${format(median, digits)} (${format(least, digits)}–${format(most, digits)})`;
}

function format(value: number, digits = 0): string {
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
