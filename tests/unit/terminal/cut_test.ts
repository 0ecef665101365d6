import { assertEquals } from "@std/assert";
import stringWidth from "string-width";
import { cutText } from "../../../lib/terminal/cut.ts";

Deno.test("cutText() cuts between visible characters", () => {
  assertEquals(cutText("edits", 5), "edits");
  assertEquals(cutText("edits", 4), "edi…");
  assertEquals(cutText("維基百科", 8), "維基百科");
  assertEquals(cutText("維基百科", 7), "維基百…");
  assertEquals(cutText("維基百科", 6), "維基…");
  assertEquals(cutText("ab👩‍👩‍👧‍👦cd", 5), "ab👩‍👩‍👧‍👦…");
  assertEquals(cutText("ab👩‍👩‍👧‍👦cd", 4), "ab…");
  assertEquals(cutText("e\u0301e\u0301e\u0301", 2), "e\u0301…");
  assertEquals([cutText("edits", 1), cutText("edits", 0), cutText("", 0)], ["…", "", ""]);
});

Deno.test("cutText() never exceeds the width", () => {
  const text = "a維\u0301👍🏽e\u0301 🇺🇳 עברית ❤️";
  for (let width = 0; width < 30; width++) {
    assertEquals(stringWidth(cutText(text, width)) <= width, true, `${width}`);
  }
});
