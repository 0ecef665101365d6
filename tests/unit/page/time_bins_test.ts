import { assertEquals } from "@std/assert";
import { TimeBins } from "../../../lib/page/time_bins.ts";

Deno.test("TimeBins counts humans and bots by second", () => {
  const bins = new TimeBins(60, 10);
  bins.add(1000, false, 1009);
  bins.add(1000, true, 1009);
  bins.add(1009, true, 1009);
  assertEquals(bins.sum(1000, 1001), { humans: 1, bots: 1 });
  assertEquals(bins.total(1009), { humans: 1, bots: 2 });
  assertEquals(bins.bins(1009), [[1_000_000, 1, 2]]);
});

Deno.test("TimeBins counts late edits, and none outside the window", () => {
  const bins = new TimeBins(60, 10);
  bins.add(1060, false, 1060);
  bins.add(1001, false, 1060);
  bins.add(1000, false, 1060);
  bins.add(1061, false, 1060);
  assertEquals(bins.total(1060), { humans: 2, bots: 0 });
});

Deno.test("TimeBins forgets what leaves the window, even after a silence", () => {
  const bins = new TimeBins(60, 10);
  for (let second = 1000; second < 1060; second++) bins.add(second, false, second);
  assertEquals(bins.total(1059).humans, 60);
  assertEquals(bins.total(1069).humans, 50);
  assertEquals(bins.total(9999).humans, 0);
  assertEquals(bins.bins(9999), []);
  bins.add(9999, true, 9999);
  assertEquals(bins.total(9999), { humans: 0, bots: 1 });
});

Deno.test("takeChanged() returns changed bins once, with their whole counts", () => {
  const bins = new TimeBins(60, 10);
  bins.add(1003, false, 1012);
  bins.add(1012, false, 1012);
  assertEquals(bins.takeChanged(), [[1_000_000, 1, 0], [1_010_000, 1, 0]]);
  bins.add(1004, true, 1013);
  assertEquals(bins.takeChanged(), [[1_000_000, 1, 1]]);
  assertEquals(bins.takeChanged(), []);
});
