import { assertEquals } from "@std/assert";
import { LagHistory } from "../../../../lib/page/cluster/lag_history.ts";

function look(now: number, lag: number | null) {
  const committed = [{ partition: 0, offset: 0, lag }];
  return { now, groups: [{ groupId: "g", name: "g", state: "Stable", members: [], committed }] };
}

Deno.test("LagHistory keeps five minutes, a point every two seconds", () => {
  const history = new LagHistory();
  for (let now = 1_000_000; now <= 1_600_000; now += 1000) history.add(look(now, now % 7));
  const [series] = history.series;
  assertEquals(series?.points.length, 151);
  assertEquals(series?.points[0]?.[0], 1_300_000);
});

Deno.test("LagHistory omits unknown lags, and forgets deleted groups", () => {
  const history = new LagHistory();
  history.add(look(10_000, null));
  assertEquals(history.series, [{ groupId: "g", partition: 0, points: [] }]);
  history.add({ now: 20_000, groups: [] });
  assertEquals(history.series, []);
});
