import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import Decoder from "kafkajs/src/protocol/decoder.js";
import decodeBatch from "kafkajs/src/protocol/recordBatch/v0/decoder.js";
import { ATTRIBUTES } from "../../../../../lib/kafka/wire/batch_layout.ts";
import type { FetchedRecord } from "../../../../../lib/kafka/wire/fetch/fetched_record.ts";
import { UnreadableRecords } from "../../../../../lib/kafka/wire/unreadable_records.ts";
import { batchBytes, chunksOf, withChecksum } from "../../../../support/kafka/batches.ts";
import fc from "../../../../support/tools/fast_check.ts";

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const message = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  timestamp: fc.integer({ min: 10 ** 12, max: 10 ** 13 - 1 }).map(String),
  headers: fc.dictionary(
    // kafkajs mistakes a property that every object has for an earlier value of the header.
    fc.string({ unit: "grapheme", maxLength: 20 }).filter((name) => !(name in {})),
    fc.oneof(bytes, fc.array(bytes, { minLength: 2, maxLength: 3 })),
    { maxKeys: 3 },
  ),
}, { requiredKeys: ["value", "timestamp"] });
const batch = fc.record({
  offset: fc.nat(2 ** 40),
  messages: fc.array(message, { minLength: 1, maxLength: 20 }),
});

Deno.test("FetchedRecord decodes as kafkajs does", async () => {
  await fc.assert(
    fc.asyncProperty(batch, async (batch) => {
      const encoded = await batchBytes(batch);
      const { records } = await decodeBatch(new Decoder(encoded));
      const ours = chunksOf(encoded).flatMap(({ records }) => records);
      assertEquals(ours.map(fieldsOf), (records as FetchedRecord[]).map(fieldsOf));
    }),
    { numRuns: 500 },
  );
});

Deno.test("FetchedRecord has headers named like properties of objects", async () => {
  const value = Buffer.from([7]);
  const headers = Object.fromEntries(["toString", "__proto__", "x"].map((name) => [name, value]));
  const encoded = await batchBytes({
    offset: 0,
    messages: [{ value: null, timestamp: "1000000000000", headers }],
  });
  const [record] = chunksOf(encoded).flatMap(({ records }) => records);
  const names = Object.entries(record!.headers).map((
    [name, value],
  ) => [name, hexOf(value as Buffer)]);
  assertEquals(names, [["toString", "07"], ["__proto__", "07"], ["x", "07"]]);
});

Deno.test("FetchedBatch yields records or UnreadableRecords for any bytes", async () => {
  let refused = 0;
  const change = fc.record({ at: fc.nat(), value: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(
      batch,
      fc.constantFrom(0, 1, 2, 3, 4),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      async (batch, codec, changes) => {
        const encoded = await batchBytes({ ...batch, codec });
        // A changed header would usually be an incomplete batch.
        const room = encoded.length - ATTRIBUTES;
        for (const { at, value } of changes) encoded[ATTRIBUTES + at % room] = value;
        try {
          for (const { records } of chunksOf(withChecksum(encoded))) {
            records.forEach(fieldsOf);
          }
        } catch (error) {
          assert(error instanceof UnreadableRecords, `${error}`);
          refused++;
        }
      },
    ),
    { numRuns: 3000 },
  );
  assert(refused > 300, `only ${refused} were refused`);
});

/** Returns the fields in a comparable form. */
function fieldsOf({ offset, timestamp, key, value, headers }: FetchedRecord) {
  const list = Object.entries(headers).map(([name, value]) =>
    [name, [value].flat().map(hexOf)] as const
  );
  return { offset, timestamp, key: hexOf(key), value: hexOf(value), headers: new Map(list) };
}

function hexOf(bytes: Uint8Array | null | undefined): string | null {
  return bytes ? Buffer.from(bytes).toString("hex") : null;
}
