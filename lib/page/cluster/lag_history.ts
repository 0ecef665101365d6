import type { LagSeries, State } from "./wire.ts";

/** How far back the series go, in ms. */
export const LAG_WINDOW = 300_000;

/** Points of one series: one every two seconds fills the window. */
const MAX_POINTS = 160;

interface Series {
  readonly groupId: string;
  readonly partition: number;
  readonly points: [number, number][];
}

/** Keeps the lag of each group and partition over the last five minutes. */
export class LagHistory {
  /** By group and partition; bounded as the groups and partitions of a `State` are. */
  #series = new Map<string, Series>();

  /** Adds a look; what is not in it any more is forgotten. */
  add({ now, groups }: Pick<State, "now" | "groups">): void {
    const series = new Map<string, Series>();
    for (const { groupId, committed } of groups) {
      for (const { partition, lag } of committed) {
        const key = `${partition}/${groupId}`;
        const points = this.#series.get(key)?.points ?? [];
        if (lag !== null && now - (points.at(-1)?.[0] ?? 0) >= LAG_WINDOW / MAX_POINTS) {
          points.push([now, lag]);
        }
        while (points.length > 0 && points[0]![0] < now - LAG_WINDOW) points.shift();
        series.set(key, { groupId, partition, points });
      }
    }
    this.#series = series;
  }

  get series(): LagSeries[] {
    return [...this.#series.values()];
  }
}
