import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** A value with labels, as read at a scrape. */
export type Sample<L extends string> = readonly [
  labels: Readonly<Record<L, string>>,
  value: number,
];

/**
 * Metrics in Prometheus's text format. Counters and gauges are read at a scrape, from the program's
 * own counters, so metrics add no cost per event.
 *
 * Labels must take their values from a small fixed set.
 */
export class Metrics {
  readonly #registry = new Registry();

  /** The `Content-Type` of {@linkcode text}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Returns the current values of all metrics. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Adds a counter. Its name ends with `_total`. */
  counter(name: string, help: string, read: () => number): void {
    const collect = function (this: Counter) {
      this.reset();
      this.inc(read());
    };
    new Counter({ name, help, collect, registers: [this.#registry] });
  }

  /** Adds a counter with labels. */
  counters<const L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    read: () => Iterable<Sample<L>>,
  ): void {
    const collect = function (this: Counter<L>) {
      this.reset();
      for (const [labels, value] of read()) this.inc(labels, value);
    };
    new Counter({ name, help, labelNames, collect, registers: [this.#registry] });
  }

  /** Adds a gauge. It is omitted while its value is `undefined`. */
  gauge(name: string, help: string, read: () => number | undefined): void {
    const collect = function (this: Gauge) {
      const value = read();
      if (value === undefined) this.remove();
      else this.set(value);
    };
    new Gauge({ name, help, collect, registers: [this.#registry] });
  }

  /** Adds a gauge with the value 1, whose labels carry the information. */
  info(name: string, help: string, labels: Readonly<Record<string, string>>): void {
    const labelNames = Object.keys(labels);
    new Gauge({ name, help, labelNames, registers: [this.#registry] }).set(labels, 1);
  }

  /**
   * Adds a histogram.
   *
   * @param buckets The upper bounds of the buckets, ascending.
   * @returns A function that records one value.
   */
  histogram(name: string, help: string, buckets: readonly number[]): (value: number) => void {
    const histogram = new Histogram({
      name,
      help,
      buckets: [...buckets],
      registers: [this.#registry],
    });
    return (value) => histogram.observe(value);
  }
}

/** Returns 1 for true, 0 for false and `undefined`. */
export function truth(value: boolean | undefined): number {
  return value ? 1 : 0;
}

/** Converts ms to s, the unit of Prometheus. `undefined` stays. */
export function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
