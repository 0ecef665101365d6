import { assertEquals } from "@std/assert";
import { csvText, tableText } from "../../../lib/terminal/table.ts";

Deno.test("tableText() aligns numbers and wide characters", () => {
  const rows = [{ title: "日本", edits: 1200 }, { title: "a", edits: null }];
  assertEquals(tableText(rows), "title  edits\n日本   1,200\na          -\n");
  assertEquals(tableText([]), "");
});

Deno.test("tableText() escapes control characters, and limits the width", () => {
  const [, line] = tableText([{ title: "\x1b[31m\u202e" + "x".repeat(100) }]).split("\n");
  assertEquals(line, `${"\\u{1b}[31m\\u{202e}"}${"x".repeat(31)}…`);
});

Deno.test("csvText() quotes cells if necessary", () => {
  const rows = [{ title: 'a "b", c\nd', edits: 1200 }, { title: null, edits: 0 }];
  assertEquals(csvText(rows), 'title,edits\n"a ""b"", c\nd",1200\n,0\n');
  assertEquals(csvText([]), "");
});
