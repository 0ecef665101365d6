import { assertEquals, assertThrows } from "@std/assert";
import { ProtocolReader, ProtocolWriter } from "../../../../lib/kafka/requests/codec.ts";

Deno.test("ProtocolReader reads what ProtocolWriter writes", () => {
  const writer = new ProtocolWriter();
  const long = "ä".repeat(1000);
  writer.boolean(true);
  writer.int32(-2);
  writer.int64(-(2n ** 40n));
  writer.uvarint(300);
  writer.string(long);
  writer.array(["a", ""], (one) => writer.string(one));
  writer.array(undefined, () => {});
  writer.end();
  const reader = new ProtocolReader(writer.bytes);
  assertEquals(reader.boolean(), true);
  assertEquals(reader.int32(), -2);
  assertEquals(reader.int64(), -(2n ** 40n));
  assertEquals(reader.uvarint(), 300);
  assertEquals(reader.string(), long);
  assertEquals(reader.array(() => reader.string()), ["a", ""]);
  assertEquals(reader.nullableString(), null);
  reader.end();
});

Deno.test("ProtocolReader skips tagged fields", () => {
  const reader = new ProtocolReader(Uint8Array.of(2, 0, 1, 9, 5, 2, 8, 8, 7));
  reader.end();
  assertEquals(reader.int8(), 7);
});

Deno.test("ProtocolReader rejects lengths beyond the answer", () => {
  const early = "Cannot read an answer of Kafka: it ends too early";
  const huge = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f);
  for (const read of ["string", "bytes", "end", "int64", "uuid"] as const) {
    assertThrows(() => new ProtocolReader(huge)[read](), RangeError, early);
  }
  const reader = new ProtocolReader(huge);
  assertThrows(() => reader.array(() => reader.int8()), RangeError, early);
  assertThrows(
    () => new ProtocolReader(Uint8Array.of(255, 255, 255, 255, 255, 1)).uvarint(),
    RangeError,
    "longer than five bytes",
  );
});
