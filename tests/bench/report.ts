import {
  cpuPerMillion,
  editsPerSecond,
  eventsPerSecond,
  type Range,
  rangeOf,
  type Results,
  type Series,
} from "./results.ts";

/** A target, and the measured value that it applies to. */
interface Target {
  readonly quantity: string;
  readonly bound: string;
  /** `undefined` if it was not measured. */
  readonly measured: number | undefined;
  readonly isMet: (measured: number) => boolean;
}

/** Formats the results as Markdown. */
export function report(results: Results): string {
  const { machine, versions, date, events } = results;
  return [
    "# Speed of the producer",
    "",
    "Made by `deno task bench --output docs`. The producers take turns, in several rounds, on the " +
    `machine of the source and the broker: ${machine}; ${versions}; ${date}. The source has ` +
    `${format(events)} synthetic events of recorded sizes, 38 % of them edits; the slowest ` +
    "producers get a tenth of them. A run counts only if a reader of committed records finds " +
    "every record. Time runs from the first byte read to the end of the process. CPU time is that " +
    "of the producing process, including its start. The tables have medians, with minimum and " +
    "maximum. The columns with × compare the first row with each other row: its edits/s divided " +
    "by theirs, and its CPU time divided by theirs.",
    "",
    "![Edits per second of each producer](speed.svg)",
    "",
    "## Compared with other producers",
    "",
    ...peerTable(results.peers),
    "",
    ...results.peers.filter(({ skipped }) => skipped !== undefined)
      .map(({ name, skipped }) => `Not run: ${name} (${skipped}).\n`),
    "## Size and partitions",
    "",
    ...growthTable(results.growth),
    "",
    "## Latency and cost at live pace",
    "",
    "At 40 edits a second. Latency is measured from the event's own time to a reader of " +
    "committed records. CPU is in percent of one core, without the start; for the broker, what it " +
    "uses when idle is subtracted. Log bytes are those of the topic, the offsets and the " +
    "transactions, divided by the bytes of the records.",
    "",
    ...latencyTable(results),
    "",
    "## Targets",
    "",
    ...targetTable(targetsOf(results)),
    "",
  ].join("\n");
}

function peerTable(peers: readonly Series[]): string[] {
  const [ours] = peers;
  return table(
    ["producer", "edits/s", "×", "CPU s per 10⁶ events", "×", "memory, MB"],
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
    ["exactly-once, with", "events/s", "CPU s per 10⁶ events", "memory, MB: maximum, steady"],
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

function targetsOf({ peers, growth, latency }: Results): Target[] {
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
    target("edits/s, divided by confluent-kafka's", 2, timesAsFast("confluent")),
    target("edits/s, divided by franz-go's", 1.5, timesAsFast("net/http, franz-go")),
    target("edits/s, divided by the tutorial's", 10, timesAsFast("tutorial")),
    target("CPU time, divided by franz-go's", 0.7, timesTheCpu("net/http, franz-go"), "at most"),
    target("CPU time, divided by confluent-kafka's", 1, timesTheCpu("confluent"), "at most"),
    target("latency with --linger 0, p50, ms", 30, live?.p50, "at most"),
    target("latency with --linger 0, p99, ms", 90, live?.p99, "at most"),
    target(
      "events/s with 10⁷ events, divided by those with 10⁵",
      0.95,
      small && large && eventsPerSecond(large).median / eventsPerSecond(small).median,
    ),
    target("memory with 10⁷ events, MB", 200, large?.runs[0]?.peak, "at most"),
  ];
}

function target(
  quantity: string,
  bound: number,
  measured: number | undefined,
  kind: "at least" | "at most" = "at least",
): Target {
  const isMet = (value: number) => kind === "at least" ? value >= bound : value <= bound;
  return { quantity, bound: `${kind} ${bound}`, measured, isMet };
}

function targetTable(targets: readonly Target[]): string[] {
  return table(
    ["quantity", "target", "measured", ""],
    targets.map(({ quantity, bound, measured, isMet }) => [
      quantity,
      bound,
      measured === undefined
        ? "not measured"
        : measured < 20
        ? measured.toFixed(2)
        : format(measured),
      measured === undefined ? "" : isMet(measured) ? "met" : "missed",
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
