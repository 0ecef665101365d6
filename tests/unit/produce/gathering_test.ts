import { assert, assertEquals } from "@std/assert";
import { Gathering, joined, withoutFirst } from "../../../lib/produce/gathering.ts";

const record = (value: string) => ({ value });

/** The position is the number of records that were added. */
function gatheringOf(maxRecords: number, { maxBytes = 100 } = {}) {
  let added = 0;
  const gathering = new Gathering<{ value: string }, number>({ maxRecords, maxBytes }, () => added);
  const add = (value: string) => {
    added++;
    gathering.add(record(value));
  };
  return { gathering, add };
}

Deno.test("Gathering.take() gives all records in order, once, and the position behind them", () => {
  const { gathering, add } = gatheringOf(10);
  add("a");
  add("b");
  assertEquals(gathering.take(), { records: [record("a"), record("b")], cuts: [], upTo: 2 });
  assertEquals(gathering.take(), { records: [], cuts: [], upTo: 2 });
});

Deno.test("Gathering is full by records or by bytes", () => {
  const byRecords = gatheringOf(2);
  byRecords.add("a");
  assert(!byRecords.gathering.isFull);
  byRecords.add("b");
  assert(byRecords.gathering.isFull);
  const byBytes = gatheringOf(10, { maxBytes: 3 });
  byBytes.add("abc");
  assert(byBytes.gathering.isFull);
});

Deno.test("Gathering.room() has one full batch wait, with its own position", async () => {
  const { gathering, add } = gatheringOf(2);
  for (const value of ["a", "b"]) add(value);
  await gathering.room();
  add("c");
  assertEquals(gathering.size, 3);
  assertEquals(gathering.take(), { records: [record("a"), record("b")], cuts: [], upTo: 2 });
  assertEquals(gathering.take(), { records: [record("c")], cuts: [], upTo: 3 });
});

Deno.test("Gathering.room() holds the reader while two batches are full, until one is taken", async () => {
  for (const release of ["take", "end"] as const) {
    const { gathering, add } = gatheringOf(1);
    add("a");
    await gathering.room();
    add("b");
    let hasRoom = false;
    const room = gathering.room().then(() => hasRoom = true);
    await Promise.resolve();
    assert(!hasRoom);
    gathering[release]();
    await room;
    const left = [gathering.take(), gathering.take()].flatMap(({ records }) => records);
    assertEquals(left, release === "end" ? [record("a"), record("b")] : [record("b")]);
  }
});

Deno.test("Gathering.room() leaves nothing behind where both batches are taken at once", async () => {
  const { gathering, add } = gatheringOf(1);
  add("a");
  await gathering.room();
  add("b");
  const room = gathering.room();
  assertEquals([gathering.take().upTo, gathering.take().upTo], [1, 2]);
  await room;
  assertEquals([gathering.isFull, gathering.size], [false, 0]);
});

Deno.test("Gathering.first() returns with the first record, at the end, or in time", async () => {
  const { gathering, add } = gatheringOf(10);
  await gathering.first(1);
  const first = gathering.first(60_000);
  add("a");
  await first;
  await gathering.first(60_000);
  gathering.take();
  const end = gathering.first(60_000);
  gathering.end();
  await end;
});

Deno.test("Gathering.full() waits no longer than the linger time", async () => {
  const { gathering, add } = gatheringOf(2);
  add("a");
  await gathering.full(0);
  await gathering.full(1);
  const full = gathering.full(60_000);
  add("b");
  await full;
  await gathering.room();
  await gathering.full(60_000);
});

Deno.test("Gathering cuts its batches every 32 KiB of values", () => {
  const { gathering, add } = gatheringOf(100, { maxBytes: 1e6 });
  const value = "x".repeat(20_000);
  for (let i = 0; i < 5; i++) add(value);
  const batch = gathering.take();
  assertEquals(batch.cuts, [
    { count: 2, bytes: 40_000, upTo: 2 },
    { count: 4, bytes: 80_000, upTo: 4 },
  ]);
  assertEquals(gathering.take().cuts, []);
  const rest = withoutFirst(batch, 2);
  assertEquals([rest.records.length, rest.cuts, rest.upTo], [
    ...[3, [{ count: 2, bytes: 40_000, upTo: 4 }], 5],
  ]);
});

Deno.test("joined() keeps records and cuts in order", () => {
  const { gathering, add } = gatheringOf(100, { maxBytes: 1e6 });
  const value = "x".repeat(40_000);
  add("a");
  add(value);
  const first = gathering.take();
  add(value);
  add("b");
  const batch = joined(first, gathering.take());
  assertEquals(batch.records.map(({ value }) => value), ["a", value, value, "b"]);
  assertEquals(batch.cuts.map(({ count, upTo }) => [count, upTo]), [[2, 2], [3, 3]]);
  assertEquals(batch.upTo, 4);
});
