import { assertEquals, assertThrows } from "@std/assert";
import { compress, decompress } from "../../../../lib/kafka/wire/compression.ts";
import { UnreadableRecords } from "../../../../lib/kafka/wire/unreadable_records.ts";

const MIB = 1024 * 1024;
const CODECS = [[1, "gzip"], [2, "snappy"], [3, "lz4"], [4, "zstd"]] as const;

for (const [codec, name] of CODECS) {
  Deno.test(`decompress() unpacks ${name} only up to its bound`, async () => {
    const most = await compress(codec, new Uint8Array(MIB));
    assertEquals(decompress(codec, most, MIB).length, MIB);
    const more = await compress(codec, new Uint8Array(64 * MIB));
    assertThrows(
      () => decompress(codec, more, MIB),
      UnreadableRecords,
      `records compressed with ${name} unpack to more than 1 MiB`,
    );
  });

  Deno.test(`decompress() rejects what is not ${name}`, () => {
    assertThrows(
      () => decompress(codec, new Uint8Array(50).fill(255)),
      UnreadableRecords,
      `records compressed with ${name} cannot be unpacked`,
    );
  });
}

Deno.test("decompress() rejects an unknown codec", () => {
  assertThrows(() => decompress(5, new Uint8Array(9)), UnreadableRecords, "codec 5 is not known");
});
