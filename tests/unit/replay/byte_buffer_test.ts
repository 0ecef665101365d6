import { assertEquals } from "@std/assert";
import { ByteBuffer } from "../../../lib/replay/byte_buffer.ts";

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("ByteBuffer collects bytes, ASCII and any text, and grows", () => {
  const buffer = new ByteBuffer(1);
  buffer.append(new TextEncoder().encode("é"));
  buffer.ascii("abc");
  buffer.text("🦊 «");
  assertEquals(decode(buffer.take()), "éabc🦊 «");
  assertEquals(buffer.length, 0);
});

Deno.test("ByteBuffer.integer() writes digits as String() does", () => {
  const numbers = [0, 1, 9, 10, 99, 100, 999_999_999, 1_000_000_000, 4_294_967_296];
  for (let power = 1; power < 2 ** 53; power *= 10) numbers.push(power - 1, power, power + 1);
  for (const number of [...numbers, Number.MAX_SAFE_INTEGER]) {
    const buffer = new ByteBuffer(1);
    buffer.integer(number);
    assertEquals(decode(buffer.take()), String(number));
  }
});

Deno.test("ByteBuffer.truncate() drops the end", () => {
  const buffer = new ByteBuffer();
  buffer.ascii("abcdef");
  buffer.truncate(2);
  buffer.ascii("x");
  assertEquals(decode(buffer.take()), "abx");
});
