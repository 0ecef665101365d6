import { assertEquals } from "@std/assert";
import { Checker, type Verdict } from "../../chaos/harness/checker.ts";
import { identityOf } from "../../chaos/harness/expected.ts";

const DOMAIN = "en.wikipedia.org";
const encoder = new TextEncoder();

/** Edits 0 to `count - 1` of one upstream topic. */
function checkerOf(count: number): Checker {
  const edits = new Map(
    Array.from({ length: count }, (_, index) => [
      identityOf({ domain: DOMAIN, id: index }),
      { topic: "eqiad", index },
    ]),
  );
  return new Checker({ edits });
}

/** Gives a checker the edits with these numbers, all of one page unless it is said otherwise. */
function verdictOf(count: number, ids: readonly number[], place = { partition: 0 }): Verdict {
  const checker = checkerOf(count);
  ids.forEach((id, offset) => checker.take(place.partition, record(id, offset)));
  return checker.verdict;
}

function record(id: number, offset: number, page = "en.wikipedia.org/Page") {
  return {
    key: encoder.encode(page),
    value: encoder.encode(JSON.stringify({ id, domain: DOMAIN })),
    offset: String(offset),
  };
}

const GOOD = { lost: 0, duplicated: 0, disordered: 0, foreign: 0 };

function faults({ lost, duplicated, disordered, foreign }: Verdict) {
  return { lost, duplicated, disordered, foreign };
}

Deno.test("Checker finds nothing wrong with every edit once, in order", () => {
  const verdict = verdictOf(3, [0, 1, 2]);
  assertEquals(faults(verdict), GOOD);
  assertEquals([verdict.expected, verdict.found, verdict.examples], [3, 3, []]);
});

Deno.test("Checker counts lost edits, and names some", () => {
  const verdict = verdictOf(3, [0, 2]);
  assertEquals(faults(verdict), { ...GOOD, lost: 1 });
  assertEquals(verdict.examples, ["lost: en.wikipedia.org#1 (eqiad, event 1)"]);
  assertEquals(verdictOf(1000, []).examples.length, 10);
});

Deno.test("Checker counts duplicated edits, whose order is then no matter", () => {
  assertEquals(faults(verdictOf(3, [0, 1, 2, 0, 1, 2])), { ...GOOD, duplicated: 3 });
});

Deno.test("Checker counts edits behind a later one of their page", () => {
  assertEquals(faults(verdictOf(4, [0, 2, 3, 1])), { ...GOOD, disordered: 1 });
});

Deno.test("Checker lets pages overtake each other, but not change their partition", () => {
  const checker = checkerOf(3);
  checker.take(0, record(2, 0, "a"));
  checker.take(0, record(0, 1, "b"));
  assertEquals(faults(checker.verdict), { ...GOOD, lost: 1 });
  checker.take(1, record(1, 2, "b"));
  assertEquals(faults(checker.verdict), { ...GOOD, disordered: 1 });
});

Deno.test("Checker counts records that are no edit that was served", () => {
  const checker = checkerOf(0);
  checker.take(0, record(0, 0));
  checker.take(0, { key: null, value: null, offset: "1" });
  checker.take(0, { key: null, value: encoder.encode("garbage"), offset: "2" });
  assertEquals(faults(checker.verdict), { ...GOOD, foreign: 3 });
});
