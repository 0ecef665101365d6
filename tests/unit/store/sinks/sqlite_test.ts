import { assertEquals, assertRejects } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { UserError } from "../../../../lib/shared/error.ts";
import { openReader } from "../../../../lib/store/report/answers.ts";
import { QUESTIONS } from "../../../../lib/store/report/questions.ts";
import { openSqliteSink } from "../../../../lib/store/sinks/sqlite.ts";
import { testFolder } from "../../../support/tools/folder.ts";

Deno.test("openSqliteSink() reports a file that another process has locked", async () => {
  await using folder = await testFolder();
  const file = `${folder.path}/edits.db`;
  using other = new DatabaseSync(file);
  other.exec("BEGIN IMMEDIATE");
  const error = await assertRejects(
    () => openSqliteSink({ kind: "sqlite", file }, 1),
    UserError,
    `Cannot use the database '${file}': another process is writing to it`,
  );
  assertEquals(error.hint, "Start again when that is done, or choose another file with --database");
});

Deno.test("openReader() reports a file that another process has locked", async () => {
  await using folder = await testFolder();
  const file = `${folder.path}/edits.db`;
  await (await openSqliteSink({ kind: "sqlite", file }))[Symbol.asyncDispose]();
  using other = new DatabaseSync(file);
  other.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE another (id)");
  const limits = { statement: 1, answer: 1, lock: 1 };
  await using reader = openReader({ kind: "sqlite", file }, undefined, limits);
  await assertRejects(
    () => reader.ask(QUESTIONS.bots, { limit: 1 }),
    UserError,
    `Cannot use the database '${file}': another process is writing to it`,
  );
});

for (const table of ["edits", "wikitap"] as const) {
  Deno.test(`openSqliteSink() does not change a file with a foreign '${table}'`, async () => {
    await using folder = await testFolder();
    const file = `${folder.path}/other.db`;
    {
      using other = new DatabaseSync(file);
      other.exec(`CREATE TABLE ${table} (other)`);
    }
    const before = await Deno.readFile(file);
    const error = await assertRejects(
      () => openSqliteSink({ kind: "sqlite", file }),
      UserError,
      `Cannot use the database '${file}': its tables were not created by wikitap`,
    );
    assertEquals(error.hint, "Choose another file with --database");
    const messages = {
      edits: "table edits already exists",
      wikitap: "no such column: database_id",
    };
    assertEquals((error.cause as Error).message, messages[table]);
    assertEquals(await Deno.readFile(file), before);
    assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["other.db"]);
    await using reader = openReader({ kind: "sqlite", file }, undefined);
    await assertRejects(
      () => reader.ask(QUESTIONS.bots, { limit: 1 }),
      UserError,
      table === "edits" ? "its tables were not created by wikitap" : "no edits are stored in it",
    );
  });
}

Deno.test("openSqliteSink() reports what is wrong with a SQLite file", async () => {
  await using folder = await testFolder();
  await Deno.writeTextFile(`${folder.path}/text`, "no database ".repeat(100));
  const open = (name: string) => () =>
    openSqliteSink({ kind: "sqlite", file: `${folder.path}/${name}` });
  await assertRejects(open("text"), UserError, "it is another kind of file");
  await assertRejects(open("none/edits.db"), UserError, "it cannot be opened");
});
