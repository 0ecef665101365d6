import { assertEquals, assertStringIncludes } from "@std/assert";
import { testKafka } from "../support/kafka/kafka.ts";
import { testPostgres } from "../support/databases/postgres.ts";
import { runProgram, startProgram } from "../support/programs/program.ts";
import { editMessages, publish } from "../support/kafka/records.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { until } from "../support/tools/until.ts";

const brokers = await testKafka();
const server = await testPostgres();

const store = (topic: string, database: string, ...args: string[]) => [
  ...["--bootstrap-server", brokers, "--topic", topic, "--database", database],
  ...args,
];

Deno.test("store and report reach PostgreSQL with their permissions", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  await publish(brokers, topic, editMessages(0, 10));
  await using database = await server.database();
  const env = { PGPASSWORD: server.password };
  const permissions = ["-P=store", "--allow-net=127.0.0.1"];
  const args = store(topic, database.address, "--max-messages", "10");
  const stored = await runProgram("scripts/store.ts", args, { env, permissions });
  assertEquals(stored.code, 0, stored.stderr);
  const report = await runProgram(
    "scripts/report.ts",
    ["bots", "--output", "json", "--database", database.address],
    { env, permissions: ["-P=report", "--allow-net=127.0.0.1"] },
  );
  assertEquals(report.code, 0, report.stderr);
  assertEquals(JSON.parse(report.stdout).bots[0], { kind: "human", edits: 7, percent: 70 });
});

Deno.test("store exits with an error if the password is wrong at the start", async () => {
  await using database = await server.database();
  const { code, stderr } = await runProgram("scripts/store.ts", store("none", database.address), {
    env: { PGPASSWORD: "wrong-secret" },
  });
  assertEquals([code, stderr.includes("wrong-secret")], [1, false]);
  assertStringIncludes(stderr, "error: Cannot use the database");
  assertStringIncludes(stderr, "Check the user in --database and the password in PGPASSWORD");
});

Deno.test("store waits while PostgreSQL is unreachable, and loses nothing", async () => {
  const topic = await makeTopic(brokers, { partitions: 3 });
  await using database = await server.database();
  const args = store(topic, database.address);
  await using running = startProgram("scripts/store.ts", args, {
    env: { PGPASSWORD: server.password },
    limit: 60_000,
  });
  await publish(brokers, topic, editMessages(0, 300, 3));
  const count = async () => Number((await database.sql`SELECT count(*) FROM edits`)[0]!.count);
  await running.untilLog("Storing partitions 0, 1, 2");
  await until(count, (count) => count === 300);
  await server.stop("SIGQUIT");
  await publish(brokers, topic, editMessages(300, 300, 3));
  await running.untilLog("retrying");
  await server.start();
  await until(count, (count) => count === 600);
  running.process.kill("SIGTERM");
  const { code, stderr } = await running.ended;
  assertEquals(code, 0, stderr);
  assertEquals(stderr.match(/Storing partitions/g)?.length, 1, stderr);
  // A server that has just started may refuse a second connection: that is an outage of its own.
  const [outages, ends] = [/; retrying/g, /The database is back/g].map((one) => stderr.match(one));
  assertEquals(outages?.length, ends?.length, stderr);
});

Deno.test("store waits while PostgreSQL is read-only, and loses nothing", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  await using database = await server.database();
  await using running = startProgram("scripts/store.ts", store(topic, database.address), {
    env: { PGPASSWORD: server.password },
  });
  const count = async () => Number((await database.sql`SELECT count(*) FROM edits`)[0]!.count);
  await publish(brokers, topic, editMessages(0, 10));
  await running.untilLog("Storing partition 0");
  await until(count, (count) => count === 10);
  const admin = server.connect("postgres", "postgres");
  await admin`SET default_transaction_read_only = off`;
  const setReadOnly = async (value: "on" | "off") => {
    await admin.unsafe(`ALTER SYSTEM SET default_transaction_read_only = ${value}`);
    await admin`SELECT pg_reload_conf()`;
  };
  await setReadOnly("on");
  await publish(brokers, topic, editMessages(10, 10));
  await running.untilLog("it is read-only; retrying");
  await setReadOnly("off");
  await admin.end();
  await until(count, (count) => count === 20);
  running.process.kill("SIGTERM");
  const { code, stderr } = await running.ended;
  assertEquals(code, 0, stderr);
});

Deno.test("store reports that it was stopped while PostgreSQL was unreachable", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  await using database = await server.database();
  const args = store(topic, database.address);
  await using running = startProgram("scripts/store.ts", args, {
    env: { PGPASSWORD: server.password },
  });
  await running.untilLog("Storing partition 0");
  await until(() => database.sql`SELECT * FROM positions`, (rows) => rows.length === 1);
  await server.stop("SIGQUIT");
  await publish(brokers, topic, editMessages(0, 10));
  await running.untilLog("retrying");
  running.process.kill("SIGINT");
  const { code, stderr } = await running.ended;
  await server.start();
  assertEquals(code, 1);
  assertStringIncludes(
    stderr,
    "error: Cannot stop in time: the database has not stored the pending batch",
  );
});

Deno.test("store exits with an error if its password is changed meanwhile", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  await using database = await server.database();
  await using running = startProgram("scripts/store.ts", store(topic, database.address), {
    env: { PGPASSWORD: server.password },
  });
  await running.untilLog("Storing partition 0");
  const admin = server.connect("postgres", "postgres");
  await admin.unsafe(`ALTER ROLE ${database.name} PASSWORD 'another'`);
  await admin`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE usename = ${database.name} AND application_name = 'wikitap'`;
  await admin.end();
  await publish(brokers, topic, editMessages(0, 10));
  const { code, stderr } = await running.ended;
  assertEquals(code, 1, stderr);
  assertStringIncludes(stderr, "it rejected the user");
});
