import { Buffer } from "node:buffer";
import { assertEquals, assertThrows } from "@std/assert";
import {
  ATTRIBUTES,
  CHECKSUM,
  COUNT,
  LAST_OFFSET_DELTA,
  LENGTH,
  MAGIC,
} from "../../../../../lib/kafka/wire/batch_layout.ts";
import { FetchedBatch } from "../../../../../lib/kafka/wire/fetch/fetched_batch.ts";
import { splitBatches } from "../../../../../lib/kafka/wire/fetch/record_set.ts";
import { retain } from "../../../../../lib/kafka/wire/fetch/response_memory.ts";
import { UnreadableRecords } from "../../../../../lib/kafka/wire/unreadable_records.ts";
import {
  batchBytes,
  chunksOf,
  emptyBatch,
  offsetsOf,
  withChecksum,
} from "../../../../support/kafka/batches.ts";

const messages = (...values: string[]) => values.map((value) => ({ value, timestamp: "5" }));

Deno.test("FetchedBatch continues after a batch without records", async () => {
  const full = await batchBytes({ offset: 10, messages: messages("a", "b") });
  const cases: readonly [Buffer[], number[], number][] = [
    [[await emptyBatch(0, 9)], [], 10],
    [[await emptyBatch(0, 9), full], [10, 11], 12],
    [[full, await emptyBatch(12, 7)], [10, 11], 20],
    [[full, await emptyBatch(12, 7), await emptyBatch(20, 0)], [10, 11], 21],
  ];
  for (const [batches, offsets, next] of cases) {
    assertEquals(offsetsOf(chunksOf(Buffer.concat(batches))), { offsets, next });
  }
});

Deno.test("FetchedBatch continues after the offsets that a batch covers", async () => {
  const gap = await batchBytes({ offset: 4, messages: messages("a", "b"), lastOffsetDelta: 50 });
  assertEquals(offsetsOf(chunksOf(gap)), { offsets: [4, 5], next: 55 });
  const later = await batchBytes({ offset: 100, messages: messages("c") });
  assertEquals(offsetsOf(chunksOf(Buffer.concat([gap, later]))), {
    offsets: [4, 5, 100],
    next: 101,
  });
});

Deno.test("FetchedBatch omits records before the fetched offset", async () => {
  const batch = await batchBytes({ offset: 4, messages: messages("a", "b", "c") });
  assertEquals(offsetsOf(chunksOf(batch, 6)), { offsets: [6], next: 7 });
  // The records from there on were removed, and the batch still covers their offsets.
  const cleaned = await batchBytes({ offset: 4, messages: messages("a"), lastOffsetDelta: 9 });
  assertEquals(offsetsOf(chunksOf(cleaned, 6)), { offsets: [], next: 14 });
});

Deno.test("FetchedBatch leaves an incomplete batch for the next fetch", async () => {
  const whole = await batchBytes({ offset: 0, messages: messages("a") });
  const cut = await batchBytes({ offset: 1, messages: messages("b") });
  for (let length = 0; length < cut.length; length++) {
    const bytes = Buffer.concat([whole, cut.subarray(0, length)]);
    assertEquals(offsetsOf(chunksOf(bytes)), { offsets: [0], next: 1 }, `${length} bytes`);
  }
});

Deno.test("FetchedBatch decodes 300,000 records of one batch", async () => {
  const many = Array.from({ length: 300_000 }, () => ({ value: "", timestamp: "5" }));
  const [chunk] = chunksOf(await batchBytes({ messages: many, codec: 1 }));
  assertEquals([chunk?.records.length, chunk?.next], [300_000, 300_000]);
  assertEquals(chunk?.records.at(-1)?.offset, "299999");
});

Deno.test("FetchedBatch yields a few batches at a time", async () => {
  const value = "x".repeat(700_000);
  const batches = await Promise.all(
    [0, 1, 2, 3].map((offset) => batchBytes({ offset, messages: messages(value) })),
  );
  assertEquals(chunksOf(Buffer.concat(batches)).map(({ next }) => next), [2, 4]);
});

Deno.test("FetchedBatch yields at most the wanted number of records", async () => {
  const batches = await Promise.all([
    batchBytes({ offset: 0, messages: messages("a", "b", "c", "d", "e") }),
    batchBytes({ offset: 5, messages: messages("f"), producerId: 3 }),
    batchBytes({ offset: 6, messages: messages("g", "h"), lastOffsetDelta: 3 }),
  ]);
  const chunks = chunksOf(Buffer.concat(batches), 1, [{ producerId: "3", firstOffset: "5" }], 2);
  assertEquals(chunks.map((chunk) => offsetsOf([chunk])), [
    { offsets: [1, 2], next: 3 },
    { offsets: [3, 4], next: 5 },
    { offsets: [6, 7], next: 10 },
  ]);
});

Deno.test("FetchedBatch frees a response when all its partitions are released", async () => {
  const one = await batchBytes({ messages: messages("a") });
  const response = Buffer.from(new ArrayBuffer(2 * one.length));
  const partitions = [0, 1].map((partition) => {
    const bytes = response.subarray(partition * one.length, (partition + 1) * one.length);
    one.copy(bytes);
    retain(bytes);
    const fetched = { partition, highWatermark: "1", messages: splitBatches(bytes) };
    return new FetchedBatch("topic", "0", fetched);
  });
  for (const [released, length] of [[0, 2 * one.length], [1, 0]] as const) {
    partitions[released]!.release();
    assertEquals(response.length, length);
  }
});

Deno.test("FetchedBatch rejects corrupt batches, and names their offset", async () => {
  const good = await batchBytes({ offset: 7, messages: messages("a", "b") });
  const changed = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(good);
    change(bytes);
    return bytes;
  };
  const cases: readonly [Buffer, string][] = [
    [changed((bytes) => bytes[bytes.length - 2]! ^= 1), "records are corrupt: checksum "],
    [changed((bytes) => bytes.writeUInt32BE(5, CHECKSUM)), "expected 5 (in the batch at offset 7)"],
    [changed((bytes) => bytes.writeInt32BE(20, LENGTH)), "a record batch has only 32 bytes"],
    [changed((bytes) => bytes.writeInt32BE(-5, LENGTH)), "a record batch has only 7 bytes"],
    [changed((bytes) => bytes[MAGIC] = 9), "message format 9 is not known"],
    [changed((bytes) => bytes.writeInt32BE(-1, COUNT)), "spans 1 offsets with -1 records"],
    [changed((bytes) => bytes.writeInt32BE(-1, LAST_OFFSET_DELTA)), "spans -1 offsets"],
    [
      changed((bytes) => withChecksum(bytes).writeBigInt64BE(2n ** 60n, 0)),
      "a batch at offset 1152921504606847000 spans 1 offsets",
    ],
    [
      withChecksum(changed((bytes) => bytes.writeInt32BE(2 ** 31 - 1, COUNT))),
      "a record ends too early",
    ],
    [withChecksum(changed((bytes) => bytes.writeInt32BE(1, COUNT))), "follow the last record"],
    [withChecksum(changed((bytes) => bytes[ATTRIBUTES + 1] = 7)), "codec 7 is not known"],
    [Buffer.concat([good, good]), "offset 7 follows offset 8"],
  ];
  for (const [bytes, message] of cases) {
    assertThrows(() => chunksOf(bytes), UnreadableRecords, message);
  }
});

Deno.test("FetchedBatch throws for old records instead of fetching forever", async () => {
  const old = await batchBytes({ offset: 7, messages: messages("a", "b") });
  assertThrows(
    () => chunksOf(old, 20),
    UnreadableRecords,
    "offset 20 was requested, but the records end at 8",
  );
});
