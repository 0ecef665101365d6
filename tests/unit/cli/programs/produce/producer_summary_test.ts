import { assertEquals } from "@std/assert";
import { newPublisherCounts } from "../../../../../lib/kafka/publish/publisher.ts";
import { savedForm } from "../../../../../lib/produce/saved_form.ts";
import { fingerprint } from "../../../../../lib/upstream/position/anchor.ts";
import { Position } from "../../../../../lib/upstream/position/position.ts";
import { EventStream } from "../../../../../lib/upstream/stream.ts";
import {
  positionText,
  reportSummary,
} from "../../../../../lib/cli/programs/produce/producer_summary.ts";
import { newCounts } from "../../../../../lib/produce/counts.ts";
import { gatherLog } from "../../../../support/programs/logged.ts";

const options = {
  url: new URL("http://127.0.0.1/v2/stream/recentchange"),
  userAgent: "test",
  position: new Position(0),
  idleTimeout: 1000,
  stop: new AbortController().signal,
};

Deno.test("reportSummary() logs all counts above 0", () => {
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
  counts.stream = { ...new EventStream(options).counts, missing: 4, skipped: 2 };
  reportSummary(counts, "Published");
  assertEquals(log.lines, [
    "info: Printed 0 records of 0 events",
    "info: Published 12,345 records of 20,000 events, 1 dropped by the filter, 7 rejected, " +
    "2 dead letters, 4 missing events, 2 offsets without an event, 1 transaction aborted",
  ]);
});

Deno.test("positionText() is JSON, or a sentence if no position is saved", () => {
  const place = { group: "wikitap.edits", topic: "edits" };
  assertEquals(positionText(place, undefined), "No position is saved for 'wikitap.edits'\n");
  const position = new Position(1000);
  const key = "eqiad.mediawiki.recentchange/0";
  position.advance({ key, timestamp: 2000, offset: 7, id: "a" });
  position.track("codfw.mediawiki.recentchange/0");
  const saved = {
    handled: 5,
    owner: "x",
    generation: 1,
    position: savedForm("http://127.0.0.1/v2/stream/recentchange", position),
  };
  const unreadable = { ...saved, position: { v: 3 } };
  assertEquals(JSON.parse(positionText(place, unreadable)).position, { v: 3 });
  assertEquals(JSON.parse(positionText(place, saved)), {
    name: "wikitap.edits",
    topic: "edits",
    handled: 5,
    owner: "x",
    generation: 1,
    position: {
      stream: "http://127.0.0.1/v2/stream/recentchange",
      v: 2,
      start: 1000,
      partitions: [
        {
          name: "codfw.mediawiki.recentchange/0",
          timestamp: "1970-01-01T00:00:01.000Z",
          offset: null,
          id: null,
          rejected: 0,
        },
        {
          name: key,
          timestamp: "1970-01-01T00:00:02.000Z",
          offset: 7,
          id: `#${fingerprint("a")}`,
          rejected: 0,
        },
      ],
    },
  });
});
