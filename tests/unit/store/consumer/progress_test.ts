import { assertEquals } from "@std/assert";
import { formatDone, StoreProgress } from "../../../../lib/store/consumer/progress.ts";
import { NO_ROWS } from "../../../../lib/store/sink.ts";
import { toRows } from "../../../../lib/store/rows.ts";

const bad = (count: number) =>
  toRows(
    Array.from({ length: count }, (_, n) => ({ offset: `${n}`, timestamp: "0", value: null })),
  );

Deno.test("Progress counts rows, and how far behind a member is", () => {
  let now = 1000;
  const progress = new StoreProgress(() => now);
  progress.assigned([0, 1]);
  progress.ends(new Map([[0, { low: 0n, high: 100n }], [1, { low: 0n, high: 10n }]]));
  progress.reached(0, 20n);
  progress.reached(1, 10n);
  progress.fetched(0, 120n);
  progress.stored(0, { rows: bad(30), next: 50n, last: { timestamp: "500" } });
  now = 3000;
  assertEquals(progress.snapshot(), {
    edits: 0,
    bad: 30,
    lagRecords: 70,
    lagMs: 2500,
    partitions: 2,
    isDatabaseAway: false,
    isKafkaConnected: undefined,
  });
  progress.stored(0, { rows: NO_ROWS, next: 120n, last: { timestamp: "600" } });
  const { lagRecords, lagMs } = progress.snapshot();
  assertEquals([lagRecords, lagMs], [0, 0]);
});

Deno.test("Progress counts Kafka as connected for a session after an answer", () => {
  let now = 1000;
  const progress = new StoreProgress(() => now);
  progress.answered();
  now = 11_000;
  assertEquals(progress.snapshot().isKafkaConnected, true);
  now = 11_001;
  assertEquals(progress.snapshot().isKafkaConnected, false);
});

Deno.test("Progress forgets partitions that went to another", () => {
  const progress = new StoreProgress(() => 0);
  progress.assigned([0]);
  progress.ends(new Map([[0, { low: 0n, high: 100n }]]));
  progress.assigned([]);
  progress.stored(0, { rows: bad(1), next: 5n, last: { timestamp: "1" } });
  const { lagRecords, partitions, bad: count } = progress.snapshot();
  assertEquals([lagRecords, partitions, count], [0, 0, 1]);
});

Deno.test("formatDone() says what was done", () => {
  assertEquals(formatDone({ edits: 12_345, bad: 2 }), "12,345 stored, 2 put aside");
  assertEquals(formatDone({ edits: 5, bad: 0 }), "5 stored");
});
