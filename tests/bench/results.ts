import type { Latency } from "./latency.ts";
import { median } from "../support/tools/statistics.ts";
import type { Cost } from "./measure.ts";

/** Runs of one producer, or of one size of it. */
export interface Series {
  readonly name: string;
  readonly runs: readonly (Cost & { readonly edits: number; readonly events: number })[];
  /** Why there are none. */
  readonly skipped?: string;
}

/** All that the bench found out. */
export interface Results {
  readonly machine: string;
  readonly versions: string;
  readonly date: string;
  readonly events: number;
  readonly peers: readonly Series[];
  readonly growth: readonly Series[];
  readonly latency: readonly { readonly name: string; readonly latency: Latency }[];
}

/** Median, least and most. */
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

/** CPU seconds of the producing process for a million events read. */
export const cpuPerMillion = ({ runs }: Series): Range =>
  rangeOf(runs.map(({ cpu, events }) => cpu / events * 1e6));
