import { Buffer } from "node:buffer";
import { assertEquals } from "@std/assert";
import { crc32c } from "../../../../lib/kafka/wire/crc32c.ts";

Deno.test("crc32c() returns the check values of RFC 3720, appendix B.4", () => {
  assertEquals(crc32c(Buffer.alloc(32)), 0x8a9136aa);
  assertEquals(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
  assertEquals(crc32c(Buffer.from(Array.from({ length: 32 }, (_, i) => i))), 0x46dd794e);
  assertEquals(crc32c(Buffer.from("123456789")), 0xe3069283);
});

Deno.test("crc32c() equals a bitwise computation for any length and alignment", () => {
  const all = Uint8Array.from({ length: 70 }, (_, i) => i * 37 + 11);
  for (let begin = 0; begin < 8; begin++) {
    let crc = -1;
    for (let end = begin; end <= all.length; end++) {
      assertEquals(crc32c(all.subarray(begin, end)), ~crc >>> 0, `bytes ${begin} to ${end}`);
      crc ^= all[end] ?? 0;
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ 0x82f63b78 : crc >>> 1;
    }
  }
});

Deno.test("crc32c() equals a bitwise computation for long data", () => {
  const all = Uint8Array.from({ length: 30_000 }, (_, i) => i * i * 37 + 11);
  const lengths = [8183, 8192, 8195, 8200, 16_383, 16_384, 20_000, 29_997];
  let crc = -1;
  for (const [i, byte] of all.subarray(3).entries()) {
    if (lengths.includes(i)) assertEquals(crc32c(all.subarray(3, 3 + i)), ~crc >>> 0, `${i} bytes`);
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ 0x82f63b78 : crc >>> 1;
  }
});
