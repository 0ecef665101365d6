import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  repairQuestion,
  reportJson,
  reportText,
} from "../../../../../lib/cli/programs/verify/verify_report.ts";
import { verifyWatch } from "../../../../../lib/cli/programs/verify/verify.ts";
import { newReport, note } from "../../../../../lib/verify/report.ts";

const SINCE = Date.UTC(2026, 0, 1);

function reportWithFaults() {
  const report = newReport({ since: SINCE, until: SINCE + 3_600_000 });
  report.expected = 1000;
  report.found = 997;
  report.unverifiable.notYetPublished = 1;
  report.rejected.set("bad JSON", 4);
  const example = {
    time: SINCE,
    domain: "xx.example.org",
    title: "Page\u001b[31m",
    topic: "edits",
    partition: null,
    offset: null,
  };
  note(report, "lost", () => example);
  for (let i = 0; i < 12; i++) {
    const fields = ["title", "record key"];
    note(report, "different", () => ({ ...example, partition: 1, offset: 1000 + i, fields }));
  }
  return report;
}

Deno.test("reportText() has all numbers, ten examples and the verdict", () => {
  assertEquals(
    reportText(reportWithFaults()),
    `From 2026-01-01T00:00:00.000Z to 2026-01-01T01:00:00.000Z

records                                          count
expected                                         1,000
found                                              997
lost                                                 1
duplicated                                           0
different                                           12
out of order within a key                            0
in another partition than their key's                0
foreign: not from this source                        0
not verifiable: not yet reached by the producer      1
rejected: bad JSON                                   4

lost
time                      domain          title           topic  partition  offset
2026-01-01T00:00:00.000Z  xx.example.org  Page\\u{1b}[31m  edits          -       -

different, the first 10
time                      domain          title           topic  partition  offset  fields
${
      Array.from(
        { length: 10 },
        (_, i) =>
          `2026-01-01T00:00:00.000Z  xx.example.org  Page\\u{1b}[31m  edits  1          ${
            1000 + i
          }    title, record key\n`,
      ).join("")
    }
- --repair publishes the lost records; they then come after later edits of their pages

NOT CLEAN: 1 lost, 12 different
`,
  );
});

Deno.test("reportJson() has the same as JSON", () => {
  const json = JSON.parse(reportJson(reportWithFaults()));
  assertEquals(json.clean, false);
  assertEquals(json.rejected, { "bad JSON": 4 });
  assertEquals(json.examples.lost[0].time, "2026-01-01T00:00:00.000Z");
  assertEquals(json.examples.different.length, 10);
});

Deno.test("reportText() of a clean topic reports that it is clean", () => {
  const text = reportText(newReport({ since: SINCE, until: SINCE + 1 }));
  assertStringIncludes(text, "Clean: nothing is lost, duplicated, different or out of order\n");
});

Deno.test("repairQuestion() has the number of records", () => {
  assertEquals(repairQuestion(1, 1), "Publish 1 lost record?");
  assertEquals(
    repairQuestion(250_000, 100_000),
    "Publish the first 100,000 of 250,000 lost records?",
  );
});

Deno.test("verifyWatch() estimates the remaining time of a phase", () => {
  let now = 0;
  const { onProgress, snapshot } = verifyWatch(() => now);
  now = 5000;
  onProgress({ phase: "reading the topic", part: 0, records: 0 });
  now = 15_000;
  onProgress({ phase: "reading the topic", part: 0.25, records: 1 });
  const { state, progress, parts } = snapshot();
  assertEquals([state, progress, parts], ["reading the topic", 0.25, ["30s left", "1 record"]]);
});
