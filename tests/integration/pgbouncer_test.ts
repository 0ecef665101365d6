import { assertEquals, assertRejects } from "@std/assert";
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
