/** Reads records that other clients compressed: tests/fixtures/README.md names the clients. */
import { Buffer } from "node:buffer";
import { assertEquals, assertThrows } from "@std/assert";
import { compress, decompress } from "../../../../lib/kafka/wire/compression.ts";
import { unpackLz4 } from "../../../../lib/kafka/wire/lz4.ts";
import { UnreadableRecords } from "../../../../lib/kafka/wire/unreadable_records.ts";
import frames from "../../../fixtures/lz4_frames.json" with { type: "json" };
import { chunksOf } from "../../../support/kafka/batches.ts";
import fc from "../../../support/tools/fast_check.ts";

const FIXTURES = new URL("../../../fixtures/record_batches/", import.meta.url);
const CODECS = [[1, "gzip"], [2, "snappy"], [3, "lz4"], [4, "zstd"]] as const;
const decoder = new TextDecoder();

for (const writer of ["librdkafka", "java", "franz", "broker"]) {
  for (const [, codec] of CODECS) {
    Deno.test(`FetchedBatch reads ${codec} as compressed by: ${writer}`, () => {
      const bytes = Buffer.from(Deno.readFileSync(new URL(`${writer}-${codec}.bin`, FIXTURES)));
      const records = chunksOf(bytes).flatMap(({ records }) => records);
      const pairs = records.map(({ key, value }) => [decoder.decode(key!), decoder.decode(value!)]);
      assertEquals(pairs, Array.from({ length: 700 }, (_, i) => [String(i), valueOf(i)]));
    });
  }
}

function valueOf(i: number): string {
  const title = `Page ${i * 7919 % 1009} of the synthetic wiki`;
  return JSON.stringify({ id: i, title, user: `User ${i % 13}` });
}

Deno.test("unpackLz4() reads every kind of frame", () => {
  const wanted = Array.from(
    { length: 9000 },
    (_, i) => `Page ${i % 97} of ${Math.floor(i / 1500)}\n`,
  ).join("");
  assertEquals(Object.keys(frames).length, 64);
  for (const [name, frame] of Object.entries(frames)) {
    assertEquals(decoder.decode(unpackLz4(Buffer.from(frame, "base64"), 2 ** 20)), wanted, name);
  }
});

for (const [codec, name] of CODECS) {
  Deno.test(`decompress() reverts compress(): ${name}`, async () => {
    const repeating = fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(500))
      .map(([bytes, times]) => Buffer.concat(new Array(times).fill(bytes)));
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 2000 }), repeating);
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 4 }), async (parts) => {
        const all = Buffer.concat([Buffer.from("x"), ...parts]);
        const unpacked = decompress(codec, await compress(codec, all), all.length);
        assertEquals(Buffer.from(unpacked).equals(all), true);
      }),
      { numRuns: 200 },
    );
  });

  Deno.test(`decompress() handles any bytes: ${name}`, async () => {
    const packed = await compress(codec, Buffer.from("Page 1, Page 2, Page 3. ".repeat(200)));
    const change = fc.record({ at: fc.nat(packed.length - 1), value: fc.nat(255) });
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 5 }),
        fc.nat(packed.length),
        (changes, length) => {
          const changed = Uint8Array.from(packed);
          for (const { at, value } of changes) changed[at] = value;
          for (const bytes of [changed, changed.subarray(0, length)]) {
            try {
              decompress(codec, bytes, 100_000);
            } catch (error) {
              assertEquals(error instanceof UnreadableRecords, true, `${error}`);
            }
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
}

Deno.test("compress() packs more than one block of lz4", async () => {
  const bytes = Buffer.alloc(9_000_000, "Page 1 of the synthetic wiki, ");
  const packed = await compress(3, bytes);
  assertEquals(packed.length < 100_000, true, `${packed.length} bytes`);
  assertEquals(Buffer.from(decompress(3, packed)).equals(bytes), true);
});

Deno.test("unpackLz4() throws for invalid frames", () => {
  const [first] = Object.values(frames);
  const frame = Buffer.from(first!, "base64");
  const changed = (at: number, value: number) => {
    const bytes = Buffer.from(frame);
    bytes[at] = value;
    return bytes;
  };
  const cases: readonly [Buffer, string][] = [
    [changed(0, 1), "it is not a frame"],
    [changed(4, 0x61), "it needs a dictionary"],
    [changed(4, 0x20), "flags 32 and 64 are not known"],
    [frame.subarray(0, -1), "it is cut short"],
    [frame.subarray(0, 20), "a block is cut short"],
    [Buffer.concat([frame, frame]), "its end is at"],
  ];
  for (const [bytes, message] of cases) {
    assertThrows(() => unpackLz4(bytes, 2 ** 20), Error, message);
  }
});
