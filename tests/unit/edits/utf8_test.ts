import { assert, assertEquals } from "@std/assert";
import fc from "../../support/tools/fast_check.ts";
import { utf8Encoder } from "../../../lib/edits/utf8.ts";

Deno.test("utf8Encoder() encodes texts of any length as TextEncoder does", () => {
  const texts = fc.array(
    fc.tuple(fc.string({ unit: "binary", maxLength: 20 }), fc.constantFrom(0, 1, 40, 900, 3000))
      .map(([text, times]) => text.repeat(times)),
    { maxLength: 60 },
  );
  fc.assert(fc.property(texts, (texts) => {
    const encode = utf8Encoder();
    const encoded = texts.map(encode);
    const encoder = new TextEncoder();
    for (const [i, text] of texts.entries()) assertEquals(encoded[i], encoder.encode(text));
  }));
});

Deno.test("utf8Encoder() writes U+FFFD for half a surrogate pair", () => {
  assertEquals(utf8Encoder()("a\ud83e"), new TextEncoder().encode("a\ufffd"));
});

Deno.test("utf8Encoder() keeps short texts in shared blocks, long ones alone", () => {
  const encode = utf8Encoder();
  const [first, second] = [encode("a"), encode("b".repeat(5000))];
  assert(first.buffer === second.buffer);
  assertEquals(encode("c".repeat(6000)).buffer.byteLength, 6000);
  const blocks = new Set(Array.from({ length: 100 }, () => encode("d".repeat(1000)).buffer));
  assert(blocks.size <= 3, `${blocks.size} blocks`);
});
