import { assertEquals } from "@std/assert";
import { count } from "../../support/tools/junit.ts";

const report = (tests: number, failures: number, errors: number, cases = "") =>
  `<?xml version="1.0"?>\n<testsuites name="deno test" tests="${tests}" failures="${failures}" ` +
  `errors="${errors}" time="0.1">${cases}</testsuites>`;

Deno.test("count() adds failures and errors, and names skipped tests", () => {
  const cases = '<testcase name="a &gt; b (skipped: no &quot;c&quot;)" line="1">\n  <skipped/>\n' +
    '</testcase><testcase name="passes"></testcase>';
  assertEquals(count(report(9, 2, 1, cases), 1), {
    passed: 5,
    failed: 3,
    skipped: ['a > b (skipped: no "c")'],
  });
  assertEquals(count(report(4, 0, 0), 0), { passed: 4, failed: 0, skipped: [] });
});

Deno.test("count() is not misled by a message that looks like a tag", () => {
  assertEquals(count(report(2, 1, 0, "<failure>&lt;skipped/&gt;</failure>"), 1).passed, 1);
});

Deno.test("count() counts a failure outside of the tests", () => {
  assertEquals(count(report(4, 0, 0), 1), { passed: 4, failed: 1, skipped: [] });
  assertEquals(count("", 137), { passed: 0, failed: 1, skipped: [] });
});
