import { assertEquals } from "@std/assert";
import { storeStatus, storeWatch } from "../../../../lib/cli/programs/store_status.ts";
import { StoreProgress } from "../../../../lib/store/consumer/progress.ts";
import { statusText } from "../../../../lib/terminal/status_line.ts";

const snapshot = {
  edits: 12_345,
  bad: 2,
  skipped: 0,
  lagRecords: 1200,
  lagMs: 3000,
  partitions: 3,
  isDatabaseAway: false,
  isKafkaConnected: true,
};
const text = (more: Partial<typeof snapshot>, isStopping = false) =>
  statusText(storeStatus({ snapshot: { ...snapshot, ...more }, rate: 4100.4, isStopping }));

Deno.test("storeStatus() shows the state, the rate and the counts", () => {
  const numbers = "1,200 records (3s) behind, 12,345 stored, 2 bad, 3 partitions";
  assertEquals(text({}), `storing, 4,100 records/s, ${numbers}`);
  assertEquals(
    text({ bad: 0, lagRecords: 0, lagMs: 0, partitions: 1 }),
    "storing, 4,100 records/s, up to date, 12,345 stored, 1 partition",
  );
  assertEquals(
    text({ isDatabaseAway: true }),
    `the database is unreachable, 4,100 records/s, ${numbers}`,
  );
  assertEquals(
    text({ isKafkaConnected: false }),
    `Kafka is unreachable, 4,100 records/s, ${numbers}`,
  );
  assertEquals(text({}, true), `stopping, 4,100 records/s, ${numbers}`);
  assertEquals(
    text({ partitions: 0, bad: 0 }),
    "standing by, 4,100 records/s, 12,345 stored, 0 partitions",
  );
});

Deno.test("storeWatch() shows the start first", () => {
  const look = storeWatch(new StoreProgress(() => 0), new AbortController().signal, () => 0);
  assertEquals(statusText(look()), "starting, 0 records/s, 0 stored, 0 partitions");
});
