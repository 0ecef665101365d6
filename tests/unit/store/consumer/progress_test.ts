import { assertEquals } from "@std/assert";
import { formatDone, StoreProgress } from "../../../../lib/store/consumer/progress.ts";
import { PartitionMap } from "../../../../lib/kafka/topic_partition.ts";
import { NO_ROWS } from "../../../../lib/store/sink.ts";
import { toRows } from "../../../../lib/store/rows.ts";

const AT = [0, 1].map((partition) => ({ topic: "edits", partition })) as [At, At];
type At = { readonly topic: string; readonly partition: number };

const bad = (count: number) =>
  toRows(
    Array.from({ length: count }, (_, n) => ({ offset: `${n}`, timestamp: "0", value: null })),
  );

Deno.test("StoreProgress counts rows and the lag of a member", () => {
  let now = 1000;
  const progress = new StoreProgress(() => now);
  progress.assigned(AT);
  progress.ends(
    new PartitionMap([[AT[0], { low: 0n, high: 100n }], [AT[1], { low: 0n, high: 10n }]]),
  );
  progress.reached(AT[0], 20n);
  progress.reached(AT[1], 10n);
  progress.fetched(AT[0], 120n);
  progress.stored(AT[0], { rows: bad(30), next: 50n, last: { timestamp: "500" }, skipped: 7 });
  now = 3000;
  assertEquals(progress.snapshot(), {
    edits: 0,
    bad: 30,
    skipped: 7,
    lagRecords: 70,
    lagMs: 2500,
    partitions: 2,
    isDatabaseAway: false,
    isKafkaConnected: undefined,
  });
  progress.stored(AT[0], { rows: NO_ROWS, next: 120n, last: { timestamp: "600" } });
  const { lagRecords, lagMs } = progress.snapshot();
  assertEquals([lagRecords, lagMs], [0, 0]);
});

Deno.test("StoreProgress shows Kafka as connected for a session", () => {
  let now = 1000;
  const progress = new StoreProgress(() => now);
  progress.answered();
  now = 11_000;
  assertEquals(progress.snapshot().isKafkaConnected, true);
  now = 11_001;
  assertEquals(progress.snapshot().isKafkaConnected, false);
});

Deno.test("StoreProgress forgets partitions of other members", () => {
  const progress = new StoreProgress(() => 0);
  progress.assigned([AT[0]]);
  progress.ends(new PartitionMap([[AT[0], { low: 0n, high: 100n }]]));
  progress.assigned([]);
  progress.stored(AT[0], { rows: bad(1), next: 5n, last: { timestamp: "1" } });
  const { lagRecords, partitions, bad: count } = progress.snapshot();
  assertEquals([lagRecords, partitions, count], [0, 0, 1]);
});

Deno.test("formatDone() formats the work of a run", () => {
  assertEquals(
    formatDone({ edits: 12_345, bad: 2, skipped: 4000 }),
    "12,345 stored, 2 bad, 4,000 skipped",
  );
  assertEquals(formatDone({ edits: 5, bad: 0, skipped: 0 }), "5 stored");
});
