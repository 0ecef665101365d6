import { assertEquals, assertThrows } from "@std/assert";
import { timestampOf } from "../../../../lib/edits/message/timestamp.ts";
import { RejectedEvent } from "../../../../lib/upstream/parse/event.ts";

const dates: [string, number][] = [
  ["1970-01-01T00:00:00Z", 0],
  ["2023-11-14T22:13:20Z", 1_700_000_000_000],
  ["2023-11-14T22:13:20.123Z", 1_700_000_000_123],
  ["2023-11-14T22:13:20.123999Z", 1_700_000_000_123],
  ["2023-11-14T22:13:20+00:00", 1_700_000_000_000],
  ["2023-11-15T00:13:20+02:00", 1_700_000_000_000],
  ["2024-02-29T00:00:00Z", 1_709_164_800_000],
];

for (const [dt, ms] of dates) {
  Deno.test(`timestampOf() reads ${dt}`, () => assertEquals(timestampOf(dt), ms));
}

const refused = [
  "",
  "now",
  "2023",
  "2023-11-14",
  "2023-11-14T22:13:20",
  "2023-02-29T00:00:00Z",
  "2023-11-14T24:00:01Z",
  "May 5 2023",
  "1700000000000",
  "1969-12-31T23:59:59Z",
  " 2023-11-14T22:13:20Z",
];

for (const dt of refused) {
  Deno.test(`timestampOf() rejects '${dt}'`, () => {
    assertThrows(() => timestampOf(dt), RejectedEvent, "wrong shape: meta.dt");
  });
}

Deno.test("timestampOf() reads times in a row as each by itself", () => {
  const minutes = ["2023-11-14T22:13", "2024-02-29T23:59", "1970-01-01T00:00", "2023-02-29T00:00"];
  const ends = [":00Z", ":59.999Z", ":07.5Z", ":30+00:00", ":60Z", ":1Z", ":00.12345Z", ""];
  for (const end of ends) {
    for (const minute of minutes) {
      for (const dt of [`${minute}:30Z`, minute + end]) {
        const isReal = !dt.startsWith("2023-02-29") && /:[0-5]\d(\.\d+)?(Z|\+00:00)$/.test(dt);
        if (isReal && dt.length > 16) assertEquals(timestampOf(dt), Date.parse(dt), dt);
        else assertThrows(() => timestampOf(dt), RejectedEvent, "wrong shape: meta.dt");
      }
    }
  }
});
