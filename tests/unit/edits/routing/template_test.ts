import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "../../../support/tools/fast_check.ts";
import {
  fillTemplate,
  legalTopicText,
  placeholdersOf,
  templateParts,
  topicTemplate,
  type ValuePlace,
} from "../../../../lib/edits/routing/template.ts";

for (
  const text of ["edits", "a.b_c-D9", "wikipedia-{type}", "{wiki}", "{wiki}.{type}-x", "x{type}y"]
) {
  Deno.test(`topicTemplate() accepts '${text}'`, () => assertEquals(topicTemplate(text), text));
}

const refused: [string, string][] = [
  ["", "expected a topic"],
  [".", "other than '.'"],
  ["..", "other than '.'"],
  ["a b", "expected a topic"],
  ["a/b", "expected a topic"],
  ["ä", "expected a topic"],
  ["{title}", "expected a topic"],
  ["{}", "expected a topic"],
  ["{type", "expected a topic"],
  ["type}", "expected a topic"],
  ["{{type}}", "expected a topic"],
  ["{type}-{type}", "at most once"],
  ["{type}{wiki}", "between two placeholders"],
  ["{type}a{wiki}", "between two placeholders"],
  ["a".repeat(250), "249"],
];

for (const [text, reason] of refused) {
  Deno.test(`topicTemplate() rejects '${text}'`, () => {
    assertThrows(() => topicTemplate(text), Error, reason);
  });
}

const texts: [string, string, string][] = [
  ["{wiki}", "be_x_oldwiki", "be_x_oldwiki"],
  ["{domain}", "be-tarask.wikipedia.org", "be-tarask.wikipedia.org"],
  ["{type}", "mediawiki.page_change.v1", "mediawiki.page_change.v1"],
  ["{type}", "142", "142"],
  ["{wiki}", "en.wiki", "enX002ewiki"],
  ["{domain}", "a_b", "aX005fb"],
  ["{type}", "a/b", "aX002fb"],
  ["{type}", "X", "X0058"],
  ["{type}", "🦊", "Xd83eXdd8a"],
  ["{type}-{wiki}", "page-create", "pageX002dcreate"],
  ["{domain}_{type}", "a.b-c", "aX002eb-c"],
];

for (const [template, value, expected] of texts) {
  Deno.test(`topicText() writes '${value}' in '${template}' as '${expected}'`, () => {
    const place = templateParts(template).find((part) => typeof part !== "string");
    assertEquals(legalTopicText(value, place as ValuePlace), expected);
  });
}

Deno.test("topicText() returns a legal and distinct name for each value", () => {
  const templates = ["{wiki}", "x{domain}", "{type}-{wiki}", "{wiki}.{type}", "{domain}_{type}x"];
  const value = fc.string({
    unit: fc.constantFrom("a", "X", "0", "2", ".", "_", "-", "/", "\ud800"),
  });
  const pair = fc.record({ type: value, wiki: value, domain: value });
  fc.assert(
    fc.property(fc.constantFrom(...templates), pair, pair, (template, a, b) => {
      const parts = templateParts(template);
      const name = (values: typeof a) =>
        parts.map((part) =>
          typeof part === "string" ? part : legalTopicText(values[part.placeholder], part)
        ).join("");
      const places = parts.filter((part) => typeof part !== "string");
      const same = places.every(({ placeholder }) => a[placeholder] === b[placeholder]);
      assertEquals(name(a) === name(b), same);
      // Kafka treats the two names as equal. Only names of streams keep both characters.
      const folded = (text: string) => text.replaceAll("_", ".");
      if (!template.includes("{type}")) assertEquals(folded(name(a)) === folded(name(b)), same);
      assert(/^[a-zA-Z0-9._-]*$/.test(name(a)));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("fillTemplate() replaces each placeholder", () => {
  assertEquals(fillTemplate("w-{wiki}.{type}", (name) => `<${name}>`), "w-<wiki>.<type>");
  assertEquals(fillTemplate("edits", () => "position"), "edits");
});

Deno.test("placeholdersOf() lists the placeholders in order", () => {
  assertEquals(placeholdersOf("w-{wiki}.{type}"), ["wiki", "type"]);
  assertEquals(placeholdersOf("edits"), []);
});
