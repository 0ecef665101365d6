import { assertEquals } from "@std/assert";
import { formatDone, formatProgress, Progress } from "../../../lib/store/progress.ts";
import { NO_ROWS } from "../../../lib/store/sink.ts";
import { toRows } from "../../../lib/store/rows.ts";

const bad = (count: number) =>
  toRows(
    Array.from({ length: count }, (_, n) => ({ offset: `${n}`, timestamp: "0", value: null })),
  );

Deno.test("Progress counts rows, their rate, and how far behind a member is", () => {
  let now = 1000;
  const progress = new Progress(() => now);
  progress.assigned([0, 1]);
  progress.ends(new Map([[0, { low: 0n, high: 100n }], [1, { low: 0n, high: 10n }]]));
  progress.reached(0, 20n);
  progress.reached(1, 10n);
  progress.stored(0, { rows: bad(30), next: 50n, high: 120n, last: { timestamp: "500" } });
  now = 3000;
  assertEquals(progress.snapshot(), {
    edits: 0,
    bad: 30,
    rate: 15,
    lagRecords: 70,
    lagMs: 2500,
    partitions: 2,
    isDatabaseAway: false,
  });
  progress.stored(0, { rows: NO_ROWS, next: 120n, high: 120n, last: { timestamp: "600" } });
  now = 4000;
  const { rate, lagRecords, lagMs } = progress.snapshot();
  assertEquals([rate, lagRecords, lagMs], [0, 0, 0]);
});

Deno.test("Progress forgets partitions that went to another", () => {
  const progress = new Progress(() => 0);
  progress.assigned([0]);
  progress.ends(new Map([[0, { low: 0n, high: 100n }]]));
  progress.assigned([]);
  progress.stored(0, { rows: bad(1), next: 5n, high: 9n, last: { timestamp: "1" } });
  const { lagRecords, partitions, bad: count } = progress.snapshot();
  assertEquals([lagRecords, partitions, count], [0, 0, 1]);
});

Deno.test("formatProgress() says where things stand", () => {
  const snapshot = {
    edits: 12_345,
    bad: 2,
    rate: 4100.4,
    lagRecords: 1200,
    lagMs: 3000,
    partitions: 3,
    isDatabaseAway: false,
  };
  assertEquals(
    formatProgress(snapshot),
    "12,345 stored, 2 put aside, 4,100/s, 1,200 records (3s) behind",
  );
  assertEquals(
    formatProgress({ ...snapshot, bad: 0, lagRecords: 0, lagMs: 0 }),
    "12,345 stored, 4,100/s, up to date",
  );
  assertEquals(
    formatProgress({ ...snapshot, partitions: 0 }),
    "12,345 stored, 2 put aside, no partition, standing by",
  );
  assertEquals(
    formatProgress({ ...snapshot, isDatabaseAway: true }),
    "12,345 stored, 2 put aside, the database is away",
  );
  assertEquals(formatDone({ edits: 5, bad: 0 }), "5 stored");
});
