import { assertEquals, assertRejects } from "@std/assert";
import { gzipCodec, UnreadableRecords, zstdCodec } from "../../../../lib/kafka/wire/compression.ts";

const MIB = 1024 * 1024;

for (const [name, make] of [["zstd", zstdCodec], ["gzip", gzipCodec]] as const) {
  Deno.test(`${name} unpacks up to its bound, and no more`, async () => {
    const { compress, decompress } = make(MIB);
    const most = await compress({ buffer: new Uint8Array(MIB) });
    assertEquals((await decompress(most)).length, MIB);
    const more = await compress({ buffer: new Uint8Array(64 * MIB) });
    await assertRejects(
      () => decompress(more),
      UnreadableRecords,
      `records compressed with ${name} unpack to more than 1 MiB`,
    );
  });

  Deno.test(`${name} says that it cannot unpack what is none`, async () => {
    await assertRejects(
      () => make().decompress(new Uint8Array(50)),
      UnreadableRecords,
      `records compressed with ${name} cannot be unpacked`,
    );
  });
}
