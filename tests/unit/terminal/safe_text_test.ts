import { assertEquals } from "@std/assert";
import { safeJson, safeText } from "../../../lib/terminal/safe_text.ts";

Deno.test("safeText() escapes what moves a cursor or reorders text", () => {
  assertEquals(safeText("a\u001b[31mb\nc"), "a\\u{1b}[31mb\\nc");
  assertEquals(safeText("\u009b2J\u007f"), "\\u{9b}2J\\u{7f}");
  assertEquals(safeText("abc\u202ecba\u2066x"), "abc\\u{202e}cba\\u{2066}x");
});

Deno.test("safeText() does not change scripts and emoji", () => {
  const text = "שלום Zürich 東京 🦊 «quoted»";
  assertEquals(safeText(text), text);
});

Deno.test("safeJson() escapes more than JSON does, and keeps the value", () => {
  const text = "a\u001b[2J\u009b31m\u202e\u2028\u007f\n";
  const json = safeJson(JSON.stringify(text));
  assertEquals(json, '"a\\u001b[2J\\u009b31m\\u202e\\u2028\\u007f\\n"');
  assertEquals(JSON.parse(json), text);
});
