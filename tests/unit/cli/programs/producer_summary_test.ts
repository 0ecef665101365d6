import { assertEquals } from "@std/assert";
import { newPublisherCounts } from "../../../../lib/kafka/publish/publisher.ts";
import { positionText, reportSummary } from "../../../../lib/cli/programs/producer_summary.ts";
import { newCounts } from "../../../../lib/produce/counts.ts";
import { gatherLog } from "../../../support/programs/logged.ts";

Deno.test("reportSummary() says what became of everything, but for zeros", () => {
  using log = gatherLog();
  const counts = newCounts();
  reportSummary(counts, "Printed");
  Object.assign(counts, { published: 12_345, events: 20_000, deadLetters: 2 });
  counts.refused.set("bad JSON", 3).set("too large", 4);
  counts.outcomes.count({ type: "log" }, "filtered");
  counts.publisher = {
    ...newPublisherCounts(),
    batches: 9,
    aborted: 1,
    restarts: 1,
    connected: true,
  };
  reportSummary(counts, "Published");
  assertEquals(log.lines, [
    "info: Printed 0 records of 0 events",
    "info: Published 12,345 records of 20,000 events, 1 dropped by the filter, 7 refused, " +
    "2 dead letters, 1 transaction aborted",
  ]);
});

Deno.test("positionText() is JSON, or a sentence where no position is saved", () => {
  const place = { group: "wikitap.edits", topic: "edits" };
  assertEquals(positionText(place, undefined), "No position is saved of 'wikitap.edits'\n");
});
