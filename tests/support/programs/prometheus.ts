import parseText from "npm:parse-prometheus-text-format@1.1.1";

/** One metric of a scrape. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "COUNTER" | "GAUGE" | "HISTOGRAM";
  readonly metrics: readonly {
    readonly labels?: Readonly<Record<string, string>>;
    readonly value?: string;
    /** For a histogram. */
    readonly buckets?: Readonly<Record<string, string>>;
    readonly count?: string;
    readonly sum?: string;
  }[];
}

/** Parses metrics in Prometheus's text format, by name. */
export function familiesOf(text: string): Map<string, Family> {
  const families = parseText(text) as Family[];
  return new Map(families.map((family) => [family.name, family]));
}

/** Returns the value of a metric with these labels; `undefined` if there is none. */
export function valueOf(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = Object.entries(labels);
  const found = families.get(name)?.metrics.find((metric) =>
    wanted.every(([label, value]) => metric.labels?.[label] === value)
  );
  return found === undefined ? undefined : Number(found.value ?? found.count);
}
