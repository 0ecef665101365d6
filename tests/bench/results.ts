import type { Latency } from "./latency.ts";
import { median } from "../support/tools/statistics.ts";
import type { Cost } from "./measure.ts";

/** The runs of one producer, or of one of its sizes. */
export interface Series {
  readonly name: string;
  readonly runs: readonly (Cost & { readonly edits: number; readonly events: number })[];
  /** The reason if there are no runs. */
  readonly skipped?: string;
}

/** All results of the benchmark. */
export interface Results {
  readonly machine: string;
  readonly versions: string;
  readonly date: string;
  readonly events: number;
  readonly peers: readonly Series[];
  readonly growth: readonly Series[];
  readonly latency: readonly { readonly name: string; readonly latency: Latency }[];
}

/** Returns median, minimum and maximum. */
export interface Range {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function rangeOf(values: readonly number[]): Range {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

export const editsPerSecond = ({ runs }: Series): Range =>
  rangeOf(runs.map(({ edits, seconds }) => edits / seconds));

export const eventsPerSecond = ({ runs }: Series): Range =>
  rangeOf(runs.map(({ events, seconds }) => events / seconds));

/** Returns the CPU seconds of the producer per million events read. */
export const cpuPerMillion = ({ runs }: Series): Range =>
  rangeOf(runs.map(({ cpu, events }) => cpu / events * 1e6));
