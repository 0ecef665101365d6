import { Buffer } from "node:buffer";
import { assertEquals } from "@std/assert";
import { crc32c } from "../../../../lib/kafka/wire/crc32c.ts";

Deno.test("crc32c() returns the check values of RFC 3720, appendix B.4", () => {
  assertEquals(crc32c(Buffer.alloc(32)), 0x8a9136aa);
  assertEquals(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
  assertEquals(crc32c(Buffer.from(Array.from({ length: 32 }, (_, i) => i))), 0x46dd794e);
  assertEquals(crc32c(Buffer.from("123456789")), 0xe3069283);
});

Deno.test("crc32c() equals a bitwise computation for any length", () => {
  const bytes = Uint8Array.from({ length: 70 }, (_, i) => i * 37 + 11);
  for (let length = 0; length <= bytes.length; length++) {
    let crc = -1;
    for (const byte of bytes.subarray(0, length)) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ 0x82f63b78 : crc >>> 1;
    }
    assertEquals(crc32c(bytes.subarray(0, length)), ~crc >>> 0, `${length} bytes`);
  }
});
