import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { testKafka } from "../support/kafka/kafka.ts";
import { type TestDatabase, testPostgres } from "../support/databases/postgres.ts";
import { runProgram, startProgram } from "../support/programs/program.ts";
import { editMessages, publish } from "../support/kafka/records.ts";
import { type Relay, startRelay } from "../support/stream/relay.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { until } from "../support/tools/until.ts";

const brokers = await testKafka();
const server = await testPostgres();
const env = { PGPASSWORD: server.password };

/** Runs the program on a database behind a relay. */
function startStore(topic: string, database: TestDatabase, relay: Relay, limit = 60_000) {
  const address = database.address.replace(`:${server.port}/`, `:${relay.port}/`);
  const args = ["--bootstrap-server", brokers, "--topic", topic, "--database", address];
  return startProgram("scripts/store.ts", args, { env, limit });
}

async function countIn({ sql }: TestDatabase): Promise<number> {
  return Number((await sql`SELECT count(*) FROM edits`)[0]!.count);
}

Deno.test("store and report exit with an error if PostgreSQL never answers", async () => {
  for (const tls of ["prefer", "disable"]) {
    await using relay = startRelay();
    const database = `postgres://me@127.0.0.1:${relay.port}/edits?sslmode=${tls}`;
    for (const script of ["scripts/store.ts", "scripts/report.ts"]) {
      const { code, stderr, ms } = await runProgram(script, ["--database", database], { env });
      assertEquals(code, 1, stderr);
      assertStringIncludes(stderr, "error: Cannot reach the database");
      assertStringIncludes(stderr, "it does not answer in time");
      assert(ms < 10_000, `${ms} ms`);
    }
  }
});

/** Waits until the offset is after the transaction marker. Then nothing is in flight. */
async function untilStored({ sql }: TestDatabase, next: number): Promise<void> {
  await until(
    () => sql`SELECT FROM positions WHERE next_offset = ${next}`,
    (rows) => rows.length > 0,
  );
}

Deno.test("store waits while PostgreSQL does not respond, and loses nothing", async () => {
  // One partition uses one connection. Otherwise a second one would sometimes be opened in vain.
  const topic = await makeTopic(brokers, { partitions: 1 });
  await using database = await server.database();
  await using relay = startRelay(server.port);
  await using running = startStore(topic, database, relay, 120_000);
  await publish(brokers, topic, editMessages(0, 300));
  await running.untilLog("Storing partition 0");
  await untilStored(database, 301);
  relay.silence();
  await publish(brokers, topic, editMessages(300, 300));
  await running.untilLog(
    "Cannot write to the database: it does not answer; retrying",
  );
  relay.resume();
  await until(() => countIn(database), (count) => count === 600, 10_000);
  running.process.kill("SIGTERM");
  const { code, stderr } = await running.ended;
  assertEquals(code, 0, stderr);
  assertEquals(stderr.match(/retrying/g)?.length, 1, stderr);
  assertStringIncludes(stderr, "The database is back");
  assertEquals(await countIn(database), 600);
});

Deno.test("store writes again within 10 s after PostgreSQL stopped responding", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  await using database = await server.database();
  await using relay = startRelay(server.port);
  await using running = startStore(topic, database, relay);
  await publish(brokers, topic, editMessages(0, 10));
  await running.untilLog("Storing partition 0");
  await untilStored(database, 11);
  relay.silence();
  await publish(brokers, topic, editMessages(10, 10));
  await relay.untilSwallowed();
  relay.forget();
  await until(() => countIn(database), (count) => count === 20, 10_000);
  running.process.kill("SIGTERM");
  const { code, stderr } = await running.ended;
  assertEquals(code, 0, stderr);
});

Deno.test("store stops within seconds while PostgreSQL does not answer", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  await using database = await server.database();
  await using relay = startRelay(server.port);
  await using running = startStore(topic, database, relay);
  await publish(brokers, topic, editMessages(0, 10));
  await running.untilLog("Storing partition 0");
  await untilStored(database, 11);
  relay.silence();
  await publish(brokers, topic, editMessages(10, 10));
  await relay.untilSwallowed();
  const stoppedAt = performance.now();
  running.process.kill("SIGTERM");
  const { code, stderr } = await running.ended;
  assert(performance.now() - stoppedAt < 15_000);
  assertEquals(code, 1, stderr);
  assertStringIncludes(
    stderr,
    "error: Cannot stop in time: the database has not stored the pending batch",
  );
});
