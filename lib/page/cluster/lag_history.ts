import type { LagSeries, State } from "./wire.ts";

/** The length of the series, in ms. */
const LAG_WINDOW = 300_000;

/** The maximum points of a series: one every two seconds fills the window. */
const MAX_POINTS = 160;

interface Series {
  readonly groupId: string;
  readonly partition: number;
  readonly points: [number, number][];
}

/** Keeps the lag of each group and partition over the last five minutes. */
export class LagHistory {
  /** Series by group and partition; as bounded as the groups and partitions of a `State`. */
  #series = new Map<string, Series>();

  /** Adds a state. Series of groups and partitions that it does not have are dropped. */
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

  /** All series. */
  get series(): LagSeries[] {
    return [...this.#series.values()];
  }
}
