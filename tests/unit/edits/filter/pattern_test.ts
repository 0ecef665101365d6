import { assertEquals } from "@std/assert";
import fc from "../../../support/tools/fast_check.ts";
import { matcher } from "../../../../lib/edits/filter/pattern.ts";

const cases: [string[], string, boolean][] = [
  [["enwiki"], "enwiki", true],
  [["enwiki"], "enwikinews", false],
  [["enwiki"], "ENWIKI", false],
  [["*wiktionary"], "enwiktionary", true],
  [["*wiktionary"], "wiktionary", true],
  [["*wiktionary"], "wiktionarys", false],
  [["en*"], "en", true],
  [["en*"], "den", false],
  [["*news*"], "enwikinewsx", true],
  [["*"], "", true],
  [["**"], "a", true],
  [["a*b"], "a*b", true],
  [["a*b"], "axb", false],
  [["dewiki", "*news"], "frwikinews", true],
  [[], "", false],
];

for (const [patterns, text, expected] of cases) {
  Deno.test(`matcher() of [${patterns}] ${expected ? "accepts" : "rejects"} '${text}'`, () => {
    assertEquals(matcher(patterns)(text), expected);
  });
}

Deno.test("matcher() equals the same patterns as regular expressions", () => {
  const short = fc.string({ unit: fc.constantFrom("a", "b", "*", "."), maxLength: 4 });
  fc.assert(fc.property(fc.array(short, { maxLength: 3 }), short, (patterns, text) => {
    const naive = patterns.some((pattern) => asRegExp(pattern).test(text));
    assertEquals(matcher(patterns)(text), naive);
  }));
});

function asRegExp(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.*]/g, "\\$&");
  return new RegExp(`^${escaped.replace(/^\\\*/, ".*").replace(/\\\*$/, ".*")}$`);
}
