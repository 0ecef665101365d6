import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { UserError } from "../../../../lib/shared/error.ts";
import { checkOffset } from "../../../../lib/store/consumer/bounds.ts";
import { toRows } from "../../../../lib/store/rows.ts";
import { SQL_ADVICE } from "../../../../lib/store/sink.ts";
import { openSqliteSink } from "../../../../lib/store/sinks/sqlite.ts";
import { testFolder } from "../../../support/tools/folder.ts";
import { editOf } from "../../../support/kafka/records.ts";

const claim = (next: bigint) => ({ topicId: 4, partition: 2, next });
const bounds = { low: 10n, high: 20n };

Deno.test("checkOffset() accepts every offset from the first to the end", () => {
  for (const next of [10n, 15n, 20n]) checkOffset(claim(next), bounds, "topic", SQL_ADVICE);
});

Deno.test("checkOffset() rejects an offset beyond the end", () => {
  const error = assertThrows(() => checkOffset(claim(21n), bounds, "topic", SQL_ADVICE), UserError);
  assertStringIncludes(
    error.message,
    "Cannot continue in partition 2 of the topic 'topic': the next offset in the database is 21",
  );
  assertStringIncludes(error.hint ?? "", "WHERE topic_id = 4");
});

Deno.test("checkOffset() rejects an offset before the first", () => {
  const error = assertThrows(() => checkOffset(claim(7n), bounds, "topic", SQL_ADVICE), UserError);
  assertStringIncludes(error.message, "offsets 7 to 9");
  assertStringIncludes(error.hint ?? "", "SET next_offset = 10 WHERE topic_id = 4");
});

Deno.test("checkOffset() has hints with SQL that works", async () => {
  await using folder = await testFolder();
  const file = `${folder.path}/edits.db`;
  await using sink = await openSqliteSink({ kind: "sqlite", file });
  const claimAgain = async () => {
    const topicId = await sink.addTopic({ clusterId: "cluster", topic: "topic", kafkaId: null });
    return await sink.claim({ topicId, partition: 2, group: "group", first: 5n });
  };
  const rows = toRows([editOf(1), "no edit"].map((value, index) => ({
    offset: String(index + 5),
    timestamp: "0",
    value: new TextEncoder().encode(JSON.stringify(value)),
  })));
  const claim = await claimAgain();
  await sink.write({ claim, next: 7n, rows });
  using database = new DatabaseSync(file);
  const follow = (hint: string | undefined) => database.exec(hint?.replace(/^[^]*?: /, "") ?? "");

  const gone = assertThrows(
    () => checkOffset({ ...claim, next: 7n }, bounds, "topic", SQL_ADVICE),
    UserError,
  );
  follow(gone.hint);
  assertEquals((await claimAgain()).next, 10n);

  const again = assertThrows(
    () => checkOffset({ ...claim, next: 21n }, bounds, "topic", SQL_ADVICE),
    UserError,
  );
  follow(again.hint);
  for (const table of ["edits", "bad_records", "positions", "topics"]) {
    assertEquals(database.prepare(`SELECT * FROM ${table}`).all(), [], table);
  }
  assertEquals((await claimAgain()).next, 5n);
});
