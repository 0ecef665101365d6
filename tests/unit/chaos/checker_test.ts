import { assertEquals } from "@std/assert";
import { murmur2 } from "../../../lib/kafka/wire/murmur2.ts";
import { syntheticLog } from "../../../lib/replay/synthetic/log.ts";
import { Checker } from "../../chaos/harness/checker.ts";
import { type ExpectedEdit, expectedOf } from "../../chaos/harness/expected.ts";
import { NO_DIFFERENCES } from "../../support/tools/differences.ts";

const PARTITIONS = 6;
const { edits } = expectedOf(syntheticLog({ rate: 100, count: 10_000 }));

/** Adds edits to a checker, each in the partition of its page, except for `moved` ones. */
function checked(found: readonly ExpectedEdit[], moved: readonly ExpectedEdit[] = []) {
  const checker = new Checker(edits, PARTITIONS);
  for (const edit of found) {
    const { key, value, timestamp } = edit.record;
    const partition = (murmur2(key!) + (moved.includes(edit) ? 1 : 0)) % PARTITIONS;
    checker.take(partition, { key, value, timestamp: `${timestamp}`, offset: "0", headers: {} });
  }
  return checker.end();
}

Deno.test("Checker accepts every edit once, in order, of any time", () => {
  const report = checked(edits);
  assertEquals(report.differences, NO_DIFFERENCES);
  assertEquals([report.expected, report.found], [edits.length, edits.length]);
  const last = edits.at(-1)!.record.timestamp;
  const old = edits.findIndex(({ record }) => record.timestamp < last - 365 * 86_400_000);
  assertEquals(checked(edits.toSpliced(old, 1)).differences, { ...NO_DIFFERENCES, lost: 1 });
});

Deno.test("Checker counts each kind of difference", () => {
  const [lost, duplicated, moved, changed] = [100, 200, 300, 400].map((index) => edits[index]!);
  const value = new TextEncoder().encode("{}");
  const [one, two] = Map.groupBy(
    edits.slice(500),
    ({ record }) => record.key!.toString(),
  ).values().find(({ length }) => length >= 2)!;
  const swapped = new Map([[one, two], [two, one]]);
  const found = edits.filter((edit) => edit !== lost).map((edit) => swapped.get(edit) ?? edit);
  const other = { ...changed!, record: { ...changed!.record, value } };
  const list = [...found.map((edit) => edit === changed ? other : edit), duplicated!];
  list.push({ log: 0, record: { ...lost!.record, key: value, value } });
  assertEquals(checked(list, [moved!]).differences, {
    lost: 1,
    duplicated: 1,
    different: 1,
    outOfOrder: 1,
    wrongPartition: 1,
    foreign: 1,
  });
});

Deno.test("Checker counts missing edits as lost, and names some", () => {
  const { differences, examples } = checked([]);
  assertEquals(differences, { ...NO_DIFFERENCES, lost: edits.length });
  assertEquals(examples.lost.length, 10);
});
