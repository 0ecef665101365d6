import { assertEquals } from "@std/assert";
import { gapReporter } from "../../../../lib/upstream/resume/gap_report.ts";
import { gatherLog } from "../../../support/programs/logged.ts";

Deno.test("gapReporter() logs each gap, and only the number of many", () => {
  using log = gatherLog();
  let now = 0;
  const report = gapReporter(() => now);
  const gap = { key: "eqiad.t/0", missing: 3, from: 0, to: 1000 };
  for (let i = 0; i < 25; i++) report(gap);
  assertEquals(log.lines.length, 10);
  assertEquals(
    log.lines[0],
    "warning: 3 events of eqiad.t/0 are missing upstream, between 1970-01-01T00:00:00.000Z and " +
      "1970-01-01T00:00:01.000Z",
  );
  now = 60_000;
  report(gap);
  assertEquals(log.lines.length, 12);
  assertEquals(log.lines[10], "warning: 15 more gaps upstream within a minute");
  now = 120_000;
  report(gap);
  assertEquals(log.lines.length, 13);
});
