import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** A value with labels, as it is told at a scrape. */
export type Sample<L extends string> = readonly [
  labels: Readonly<Record<L, string>>,
  value: number,
];

/**
 * Metrics in Prometheus's text format. Counters and gauges are read where they are counted, when
 * somebody scrapes: counting costs nothing more than without metrics.
 *
 * Cardinality is up to who declares them: labels are to take values of a small fixed set only.
 */
export class Metrics {
  readonly #registry = new Registry();

  /** What `Content-Type` is for {@linkcode text}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All of it as it is now. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** A number that only grows; its name ends with `_total`. */
  counter(name: string, help: string, read: () => number): void {
    const collect = function (this: Counter) {
      this.reset();
      this.inc(read());
    };
    new Counter({ name, help, collect, registers: [this.#registry] });
  }

  /** A counter for each of a few labels. */
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

  /** A number that goes up and down; left out while it is `undefined`. */
  gauge(name: string, help: string, read: () => number | undefined): void {
    const collect = function (this: Gauge) {
      const value = read();
      if (value === undefined) this.remove();
      else this.set(value);
    };
    new Gauge({ name, help, collect, registers: [this.#registry] });
  }

  /** The one thing that is told by labels alone: its value is 1. */
  info(name: string, help: string, labels: Readonly<Record<string, string>>): void {
    const labelNames = Object.keys(labels);
    new Gauge({ name, help, labelNames, registers: [this.#registry] }).set(labels, 1);
  }

  /**
   * How values are spread over buckets.
   *
   * @param buckets Their upper bounds, ascending.
   * @returns What takes one value.
   */
  histogram(name: string, help: string, buckets: readonly number[]): (value: number) => void {
    const histogram = new Histogram({
      ...{ name, help, buckets: [...buckets], registers: [this.#registry] },
    });
    return (value) => histogram.observe(value);
  }
}

/** `1` for what is so, `0` for what is not. */
export function truth(isSo: boolean | undefined): number {
  return isSo ? 1 : 0;
}

/** ms → s, Prometheus's unit; `undefined` stays. */
export function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
