import { assert, assertEquals } from "@std/assert";
import { Gathering } from "../../../lib/produce/gathering.ts";

const record = (value: string) => ({ value });

Deno.test("Gathering.take() gives all records in order, once", () => {
  const gathering = new Gathering({ maxRecords: 10, maxBytes: 100 });
  gathering.add(record("a"));
  gathering.add(record("b"));
  assertEquals(gathering.take(), [record("a"), record("b")]);
  assertEquals(gathering.take(), []);
});

Deno.test("Gathering is full by records or by bytes", () => {
  const byRecords = new Gathering({ maxRecords: 2, maxBytes: 100 });
  byRecords.add(record("a"));
  assert(!byRecords.isFull);
  byRecords.add(record("b"));
  assert(byRecords.isFull);
  const byBytes = new Gathering({ maxRecords: 10, maxBytes: 3 });
  byBytes.add(record("abc"));
  assert(byBytes.isFull);
});

Deno.test("Gathering.room() waits until records are taken, or for the end", async () => {
  for (const release of ["take", "end"] as const) {
    const gathering = new Gathering({ maxRecords: 1, maxBytes: 100 });
    gathering.add(record("a"));
    let hasRoom = false;
    const room = gathering.room().then(() => hasRoom = true);
    await Promise.resolve();
    assert(!hasRoom);
    gathering[release]();
    await room;
  }
});

Deno.test("Gathering.first() returns with the first record, at the end, or in time", async () => {
  const gathering = new Gathering({ maxRecords: 10, maxBytes: 100 });
  await gathering.first(1);
  const first = gathering.first(60_000);
  gathering.add(record("a"));
  await first;
  await gathering.first(60_000);
  gathering.take();
  const end = gathering.first(60_000);
  gathering.end();
  await end;
});

Deno.test("Gathering.full() waits for company no longer than it is told to", async () => {
  const gathering = new Gathering({ maxRecords: 2, maxBytes: 100 });
  gathering.add(record("a"));
  await gathering.full(0);
  await gathering.full(1);
  const full = gathering.full(60_000);
  gathering.add(record("b"));
  await full;
});
