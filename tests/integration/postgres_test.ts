/** The sink in PostgreSQL: what it refuses, and poolers in front of it. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../lib/shared/error.ts";
import { parseDatabase } from "../../lib/store/address.ts";
import { openReader } from "../../lib/store/report/answers.ts";
import { QUESTIONS } from "../../lib/store/report/questions.ts";
import { toRows } from "../../lib/store/rows.ts";
import { openSink } from "../../lib/store/sinks/open.ts";
import { NO_PGBOUNCER, startPgbouncer } from "../support/databases/pgbouncer.ts";
import { testPostgres } from "../support/databases/postgres.ts";
import { editOf } from "../support/kafka/records.ts";
import { needing } from "../support/tools/skip.ts";

const server = await testPostgres();
const encoder = new TextEncoder();

function test(name: string, fn: () => Promise<void>): void {
  Deno.test(needing(NO_PGBOUNCER, { name, fn }));
}

const SETTINGS = {
  "by default": {},
  "that ignores the time limit": { ignore_startup_parameters: "statement_timeout" },
};

for (const mode of ["session", "transaction"] as const) {
  for (const [how, settings] of Object.entries(SETTINGS)) {
    test(`openSink() and openReader() work with pooling by ${mode}, ${how}`, async () => {
      await using database = await server.database();
      // Fewer connections than the sink has, so that each transaction gets another one.
      const pool = mode === "session" ? {} : { default_pool_size: "2" };
      await using bouncer = await startPgbouncer(server, database.name, mode, {
        ...settings,
        ...pool,
      });
      const address = parseDatabase(
        database.address.replace(`:${server.port}/`, `:${bouncer.port}/`),
      );
      {
        await using sink = await openSink(address, server.password);
        const topicId = await sink.addTopic({
          clusterId: "cluster",
          topic: "topic",
          kafkaId: null,
        });
        const count = 30;
        await Promise.all(Array.from({ length: 4 }, async (_, partition) => {
          let claim = await sink.claim({ topicId, partition, group: "group", first: 0n });
          for (let offset = 0; offset < count; offset++) {
            const value = encoder.encode(JSON.stringify(editOf(partition * count + offset)));
            const rows = toRows([{ offset: String(offset), timestamp: "0", value }]);
            const outcome = await sink.write({ claim, next: BigInt(offset + 1), rows });
            if (!("claim" in outcome)) throw new Error(outcome.heldBy);
            claim = outcome.claim;
          }
        }));
      }
      await using reader = openReader(address, server.password);
      const [row] = await reader.ask(QUESTIONS["top-wikis"], { limit: 1 });
      assertEquals(row!.edits, 40);
    });
  }
}

test("openSink() names the cause if a pooler rejects the user", async () => {
  await using database = await server.database();
  await using bouncer = await startPgbouncer(server, "another", "session");
  const address = parseDatabase(database.address.replace(`:${server.port}/`, `:${bouncer.port}/`));
  await assertRejects(() => openSink(address, server.password), UserError, "it rejected the user");
});

Deno.test("openSink() explains failures of PostgreSQL without the password", async () => {
  await using database = await server.database();
  const address = parseDatabase(database.address);
  assert(address.kind === "postgres");
  const cases = [
    [address, "secret-and-wrong", "it rejected the user"],
    [address, undefined, "it rejected the user"],
    [{ ...address, database: "nowhere" }, server.password, "there is no database 'nowhere'"],
    [{ ...address, port: 1 }, server.password, "no server answers there"],
    [{ ...address, host: "nowhere.invalid" }, server.password, "the host name cannot be resolved"],
    [{ ...address, tls: "require" }, server.password, "Cannot reach"],
  ] as const;
  for (const [address, password, words] of cases) {
    const error = await assertRejects(() => openSink(address, password), UserError, words);
    assert(!Deno.inspect(error).includes(password ?? "\0"), Deno.inspect(error));
  }
});

Deno.test("openSink() rejects foreign tables of PostgreSQL, and changes none", async () => {
  for (const table of ["edits", "wikitap"]) {
    await using database = await server.database();
    await database.sql.unsafe(`CREATE TABLE ${table} (other integer)`);
    await assertRejects(
      () => openSink(parseDatabase(database.address), server.password),
      UserError,
      "its tables were not created by wikitap",
    );
    const tables = await database.sql`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`;
    assertEquals(tables.map(({ tablename }) => tablename), [table]);
  }
});

Deno.test("openSink() explains a search_path without a schema", async () => {
  await using database = await server.database();
  await database.sql.unsafe(`ALTER ROLE ${database.name} SET search_path = ''`);
  const error = await assertRejects(
    () => openSink(parseDatabase(database.address), server.password),
    UserError,
    `the search_path of the user '${database.name}' names no schema that exists`,
  );
  assertEquals(error.hint, `Set one: ALTER ROLE ${database.name} SET search_path = public`);
});

Deno.test("openSink() reports that a PostgreSQL database is read-only", async () => {
  await using database = await server.database();
  await database.sql.unsafe(`ALTER ROLE ${database.name} SET default_transaction_read_only = on`);
  const error = await assertRejects(
    () => openSink(parseDatabase(database.address), server.password),
    UserError,
    "it is read-only",
  );
  assertEquals(error.hint, "If it is a standby, use the address of the primary");
});

Deno.test("openSink() rejects a PostgreSQL database that is not encoded in UTF8", async () => {
  await using database = await server.database();
  const name = `${database.name}_latin`;
  const admin = server.connect("postgres", "postgres");
  await admin.unsafe(
    `CREATE DATABASE ${name} OWNER ${database.name} TEMPLATE template0 ENCODING LATIN1 LOCALE 'C'`,
  );
  await admin.end();
  const address = parseDatabase(`postgres://${database.name}@127.0.0.1:${server.port}/${name}`);
  await assertRejects(
    () => openSink(address, server.password),
    UserError,
    "its encoding is LATIN1, expected UTF8",
  );
});
