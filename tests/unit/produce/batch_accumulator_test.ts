import { assert, assertEquals } from "@std/assert";
import { BatchAccumulator, joined, withoutFirst } from "../../../lib/produce/batch_accumulator.ts";

const record = (value: string) => ({ value });

/** The position is the number of added records. */
function accumulatorOf(maxRecords: number, { maxBytes = 100 } = {}) {
  let added = 0;
  const accumulator = new BatchAccumulator<{ value: string }, number>(
    { maxRecords, maxBytes },
    () => added,
  );
  const add = (value: string) => {
    added++;
    accumulator.add(record(value));
  };
  return { accumulator, add };
}

Deno.test("BatchAccumulator.take() returns all records once, in order", () => {
  const { accumulator, add } = accumulatorOf(10);
  add("a");
  add("b");
  assertEquals(accumulator.take(), { records: [record("a"), record("b")], cuts: [], upTo: 2 });
  assertEquals(accumulator.take(), { records: [], cuts: [], upTo: 2 });
});

Deno.test("BatchAccumulator is full by number of records or by bytes", () => {
  const byRecords = accumulatorOf(2);
  byRecords.add("a");
  assert(!byRecords.accumulator.isFull);
  byRecords.add("b");
  assert(byRecords.accumulator.isFull);
  const byBytes = accumulatorOf(10, { maxBytes: 3 });
  byBytes.add("abc");
  assert(byBytes.accumulator.isFull);
});

Deno.test("BatchAccumulator.room() sets one full batch aside, with its position", async () => {
  const { accumulator, add } = accumulatorOf(2);
  for (const value of ["a", "b"]) add(value);
  await accumulator.room();
  add("c");
  assertEquals(accumulator.size, 3);
  assertEquals(accumulator.take(), { records: [record("a"), record("b")], cuts: [], upTo: 2 });
  assertEquals(accumulator.take(), { records: [record("c")], cuts: [], upTo: 3 });
});

Deno.test("BatchAccumulator.room() blocks the reader while two batches are full", async () => {
  for (const release of ["take", "end"] as const) {
    const { accumulator, add } = accumulatorOf(1);
    add("a");
    await accumulator.room();
    add("b");
    let hasRoom = false;
    const room = accumulator.room().then(() => hasRoom = true);
    await Promise.resolve();
    assert(!hasRoom);
    accumulator[release]();
    await room;
    const left = [accumulator.take(), accumulator.take()].flatMap(({ records }) => records);
    assertEquals(left, release === "end" ? [record("a"), record("b")] : [record("b")]);
  }
});

Deno.test("BatchAccumulator.room() keeps nothing if both batches are taken", async () => {
  const { accumulator, add } = accumulatorOf(1);
  add("a");
  await accumulator.room();
  add("b");
  const room = accumulator.room();
  assertEquals([accumulator.take().upTo, accumulator.take().upTo], [1, 2]);
  await room;
  assertEquals([accumulator.isFull, accumulator.size], [false, 0]);
});

Deno.test("BatchAccumulator.first() returns at a record, the end or a timeout", async () => {
  const { accumulator, add } = accumulatorOf(10);
  await accumulator.first(1);
  const first = accumulator.first(60_000);
  add("a");
  await first;
  await accumulator.first(60_000);
  accumulator.take();
  const end = accumulator.first(60_000);
  accumulator.end();
  await end;
});

Deno.test("BatchAccumulator.full() waits no longer than the linger time", async () => {
  const { accumulator, add } = accumulatorOf(2);
  add("a");
  await accumulator.full(0);
  await accumulator.full(1);
  const full = accumulator.full(60_000);
  add("b");
  await full;
  await accumulator.room();
  await accumulator.full(60_000);
});

Deno.test("BatchAccumulator cuts its batches every 32 KiB of values", () => {
  const { accumulator, add } = accumulatorOf(100, { maxBytes: 1e6 });
  const value = "x".repeat(20_000);
  for (let i = 0; i < 5; i++) add(value);
  const batch = accumulator.take();
  assertEquals(batch.cuts, [
    { count: 2, bytes: 40_000, upTo: 2 },
    { count: 4, bytes: 80_000, upTo: 4 },
  ]);
  assertEquals(accumulator.take().cuts, []);
  const rest = withoutFirst(batch, 2);
  assertEquals([rest.records.length, rest.cuts, rest.upTo], [
    ...[3, [{ count: 2, bytes: 40_000, upTo: 4 }], 5],
  ]);
});

Deno.test("joined() keeps records and cuts in order", () => {
  const { accumulator, add } = accumulatorOf(100, { maxBytes: 1e6 });
  const value = "x".repeat(40_000);
  add("a");
  add(value);
  const first = accumulator.take();
  add(value);
  add("b");
  const batch = joined(first, accumulator.take());
  assertEquals(batch.records.map(({ value }) => value), ["a", value, value, "b"]);
  assertEquals(batch.cuts.map(({ count, upTo }) => [count, upTo]), [[2, 2], [3, 3]]);
  assertEquals(batch.upTo, 4);
});
