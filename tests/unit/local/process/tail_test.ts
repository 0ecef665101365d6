import { assertEquals } from "@std/assert";
import { lastLines } from "../../../../lib/local/process/tail.ts";

Deno.test("lastLines() omits blank lines, stack frames and settings", () => {
  const log =
    "one\ntwo\r\n\nERROR bad\n\tat a.b.C(C.java:1)\n\t... 3 more\n\ta.setting = 1\nCaused by: x\n";
  assertEquals(lastLines(log, 3), ["two", "ERROR bad", "Caused by: x"]);
});
