import { Buffer } from "node:buffer";
import { assertEquals } from "@std/assert";
import { crc32c } from "../../../lib/kafka/crc32c.ts";

Deno.test("crc32c() gives the check values of RFC 3720, appendix B.4", () => {
  assertEquals(crc32c(Buffer.alloc(32)), 0x8a9136aa);
  assertEquals(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
  assertEquals(crc32c(Buffer.from(Array.from({ length: 32 }, (_, i) => i))), 0x46dd794e);
  assertEquals(crc32c(Buffer.from("123456789")), 0xe3069283);
});
