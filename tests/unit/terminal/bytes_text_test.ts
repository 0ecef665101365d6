import { assertEquals } from "@std/assert";
import { bytesText } from "../../../lib/terminal/bytes_text.ts";

Deno.test("bytesText() keeps three digits at every size", () => {
  const cases: [number | null, string][] = [
    [null, "-"],
    [0, "0 B"],
    [999, "999 B"],
    [999.6, "1.0 kB"],
    [1234, "1.2 kB"],
    [99_949, "99.9 kB"],
    [99_951, "100 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [1.5e18, "1500 PB"],
  ];
  for (const [bytes, text] of cases) assertEquals(bytesText(bytes), text);
});
