import { median } from "../support/tools/statistics.ts";

/** A value at a time, in ms. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

/** The development of a value. */
export interface Growth {
  /** The medians of the first and the last tenth, so that a temporary peak does not count. */
  readonly start: number;
  readonly end: number;
  readonly max: number;
  /** The slope of the best line (least squares). */
  readonly perHour: number;
}

/** @param points Ordered by time, at least one. */
export function growthOf(points: readonly Point[]): Growth {
  const values = points.map(({ value }) => value);
  const tenth = Math.ceil(values.length / 10);
  return {
    start: median(values.slice(0, tenth)),
    end: median(values.slice(-tenth)),
    max: Math.max(...values),
    perHour: slope(points) * 3_600_000,
  };
}

/** Returns the slope per ms; 0 for a single point. */
function slope(points: readonly Point[]): number {
  const meanAt = mean(points.map(({ at }) => at));
  const meanValue = mean(points.map(({ value }) => value));
  let covariance = 0;
  let variance = 0;
  for (const { at, value } of points) {
    covariance += (at - meanAt) * (value - meanValue);
    variance += (at - meanAt) ** 2;
  }
  return variance === 0 ? 0 : covariance / variance;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
