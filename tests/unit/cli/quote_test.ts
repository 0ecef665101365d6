import { assertEquals } from "@std/assert";
import { quote } from "../../../lib/cli/quote.ts";

for (
  const [text, quoted] of [
    ["https://me:pw@host/", "'https://…@host/'"],
    ["--stream-url=https://pw@host/", "'--stream-url=https://…@host/'"],
    ["postgres://me:p/w@host/db", "'postgres://me:…@host/db'"],
    ["postgres://me:p@w:@host/db", "'postgres://me:…@host/db'"],
    ["postgres:me:pw@host/db", "'postgres:…@host/db'"],
    ["me:pw@host:9092", "'me:…@host:9092'"],
    ["host=h password=pw user=me", "'host=h password=… user=me'"],
    ["postgres://me@ho st/x", "'postgres://me@ho st/x'"],
    ["you@example.org", "'you@example.org'"],
    ["a\nb", "'a, b'"],
    ["x".repeat(101), `'${"x".repeat(100)}…'`],
  ] as const
) {
  Deno.test(`quote() returns ${quoted.slice(0, 50)}`, () => assertEquals(quote(text), quoted));
}
