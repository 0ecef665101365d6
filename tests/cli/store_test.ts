import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { openCluster } from "../../lib/kafka/client/cluster.ts";
import { shell } from "../../lib/local/process/shell.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { POSTGRES_USER, testPostgres } from "../support/databases/postgres.ts";
import { runProgram, startProgram } from "../support/programs/program.ts";
import { editMessages, publish } from "../support/kafka/records.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { until } from "../support/tools/until.ts";

const brokers = await testKafka();
const server = await testPostgres();
/** Whether a disk of any size can be made: by root, and not in every container. */
const canMount =
  (await shell('d=$(mktemp -d) && mount -t tmpfs tmpfs "$d" && umount "$d" && rmdir "$d"')).code ===
    0;

const store = (topic: string, database: string, ...args: string[]) => [
  ...["--bootstrap-server", brokers, "--topic", topic, "--database", database],
  ...args,
];

async function withFile(use: (file: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await use(`${directory}/edits.db`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function countIn(file: string): number {
  using database = new DatabaseSync(file);
  return Number(database.prepare("SELECT count(*) AS count FROM edits").get()!.count);
}

Deno.test("store needs no more than its permissions, and says what it did", () =>
  withFile(async (file) => {
    const topic = await makeTopic(brokers, { partitions: 3 });
    await publish(brokers, topic, editMessages(0, 300, 3));
    const permissions = ["-P=store", "--allow-net=127.0.0.1"];
    const rights = [`--allow-read=${file}`, `--allow-write=${file}`];
    const { code, stdout, stderr } = await runProgram(
      "scripts/store.ts",
      store(topic, `sqlite:${file}`, "--max-messages", "300"),
      { permissions: [...permissions, ...rights] },
    );
    assertEquals([code, stdout], [0, ""]);
    assertStringIncludes(stderr, "as the group 'wikitap-store.edits.");
    assertStringIncludes(stderr, "Ended: 300 stored");
    const report = await runProgram(
      "scripts/report.ts",
      ["--database", `sqlite:${file}`, "top-wikis", "--output", "csv"],
      { permissions: ["-P=report", ...rights] },
    );
    assertEquals(report.code, 0);
    assertStringIncludes(report.stdout, "wiki,edits,bots_percent\n");
  }));

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

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`store ends in order on ${signal}, and goes on where it was`, () =>
    withFile(async (file) => {
      const topic = await makeTopic(brokers, { partitions: 1 });
      await publish(brokers, topic, editMessages(0, 2000));
      const args = store(topic, `sqlite:${file}`, "--batch-size", "50");
      await using running = startProgram("scripts/store.ts", args);
      await running.untilLog("Storing partition 0");
      running.process.kill(signal);
      const { code, stderr } = await running.ended;
      assertEquals(code, 0, stderr);
      const first = countIn(file);
      if (first < 2000) {
        const rest = ["--max-messages", String(2000 - first)];
        const { code, stderr } = await runProgram("scripts/store.ts", [...args, ...rest]);
        assertEquals(code, 0, stderr);
      }
      assertEquals(countIn(file), 2000);
    }));
}

Deno.test("store loses and duplicates nothing in SQLite when it is killed", () =>
  withFile(async (file) => {
    const topic = await makeTopic(brokers, { partitions: 3 });
    for (let first = 0; first < 12_000; first += 3000) {
      await publish(brokers, topic, editMessages(first, 3000, 3));
    }
    const args = store(topic, `sqlite:${file}`, "--batch-size", "20");
    for (const least of [1000, 4000, 8000]) {
      await using running = startProgram("scripts/store.ts", args);
      await running.untilLog("Storing");
      await until(() => countIn(file), (count) => count >= least);
      running.process.kill("SIGKILL");
      await running.ended;
    }
    await using running = startProgram("scripts/store.ts", args);
    await until(() => countIn(file), (count) => count >= 12_000);
    running.process.kill("SIGTERM");
    assertEquals((await running.ended).code, 0);
    using database = new DatabaseSync(file);
    const { count, ids } = database.prepare(
      "SELECT count(*) AS count, count(DISTINCT change_id) AS ids FROM edits",
    ).get() as { count: number; ids: number };
    assertEquals([count, ids], [12_000, 12_000]);
  }));

Deno.test("store explains wrong usage", async () => {
  const cases = [
    [["--database", "edits.db"], 2, "expected sqlite:FILE, parquet:DIRECTORY, postgres://"],
    [["--database", "postgres://me:secret@host/x"], 2, "Cannot use a password in --database"],
    [["--batch-size", "0"], 2, "expected a whole number from 1"],
    [store("none", "postgres://postgres@127.0.0.1:1/x"), 1, "Cannot reach the database"],
  ] as const;
  for (const [args, wanted, words] of cases) {
    const { code, stderr } = await runProgram("scripts/store.ts", args);
    assertEquals([code, stderr.includes("secret")], [wanted, false], stderr);
    assertStringIncludes(stderr, words);
  }
});

Deno.test("report explains wrong usage", async () => {
  const cases = [
    [["--last", "3651d"], "expected a duration of at most 3650d"],
    [["postgres://me:secret@host/x"], "Unknown question 'postgres://me:…@host/x'"],
  ] as const;
  for (const [args, words] of cases) {
    const { code, stderr } = await runProgram("scripts/report.ts", args);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, words);
  }
});

Deno.test("store ends with an error for a wrong password, at the start", async () => {
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
  assertEquals(stderr.match(/retrying/g)?.length, 1, stderr);
  assertStringIncludes(stderr, "The database is back");
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
  assertStringIncludes(stderr, "error: Stopped before the database stored the pending batch");
});

Deno.test("store ends with an error when its password is changed under it", async () => {
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

/** A tiny file system of its own, for the user of PostgreSQL. */
async function withDisk(size: string, use: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempDir();
  const mount = await shell(`mount -t tmpfs -o size=${size},uid=${POSTGRES_USER} tmpfs "$1"`, path);
  assertEquals(mount.code, 0, mount.output);
  try {
    await use(path);
  } finally {
    await shell('umount -l "$1"; rmdir "$1"', path);
  }
}

Deno.test({
  name: "store exits when the SQLite disk is full, and resumes later",
  ignore: !canMount,
  fn: () =>
    withDisk("1m", async (path) => {
      const topic = await makeTopic(brokers, { partitions: 1 });
      for (let first = 0; first < 10_000; first += 1000) {
        await publish(brokers, topic, editMessages(first, 1000));
      }
      const args = store(topic, `sqlite:${path}/edits.db`, "--max-messages", "10000");
      const full = await runProgram("scripts/store.ts", args);
      assertEquals(full.code, 1, full.stderr);
      assertStringIncludes(full.stderr, "the disk is full");
      assertStringIncludes(full.stderr, "Free some space and start again");
      const { code } = await shell('mount -o remount,size=100m "$1"', path);
      assertEquals(code, 0);
      const done = countIn(`${path}/edits.db`);
      assert(done < 10_000);
      args[args.length - 1] = String(10_000 - done);
      const rest = await runProgram("scripts/store.ts", args);
      assertEquals([rest.code, countIn(`${path}/edits.db`)], [0, 10_000], rest.stderr);
    }),
});

Deno.test({
  name: "store exits with an error when the disk of PostgreSQL is full",
  ignore: !canMount,
  fn: () =>
    withDisk("4m", async (path) => {
      const topic = await makeTopic(brokers, { partitions: 1 });
      for (let first = 0; first < 20_000; first += 1000) {
        await publish(brokers, topic, editMessages(first, 1000));
      }
      await using database = await server.database();
      const admin = server.connect("postgres", "postgres");
      await admin.unsafe(`CREATE TABLESPACE tiny LOCATION '${path}'`);
      await admin.unsafe(`ALTER DATABASE ${database.name} SET default_tablespace = tiny`);
      await admin.unsafe(`GRANT CREATE ON TABLESPACE tiny TO ${database.name}`);
      const args = store(topic, database.address, "--max-messages", "20000");
      const env = { PGPASSWORD: server.password };
      const { code, stderr } = await runProgram("scripts/store.ts", args, { env });
      await database.sql.end();
      await admin.unsafe(`DROP DATABASE ${database.name} WITH (FORCE)`);
      await admin.unsafe("DROP TABLESPACE tiny");
      await admin.end();
      assertEquals(code, 1, stderr);
      assertStringIncludes(stderr, "its disk is full");
    }),
});

Deno.test("store takes several topics by a wildcard, and what a filter lets pass", () =>
  withFile(async (file) => {
    const prefix = crypto.randomUUID();
    for (const [index, suffix] of ["a", "b"].entries()) {
      const topic = await makeTopic(brokers, { topic: `${prefix}-${suffix}`, partitions: 2 });
      await publish(brokers, topic, editMessages(index * 10, 10, 2));
    }
    const filter = ["--filter", "domain=ja.*"];
    const args = store(`${prefix}-*`, `sqlite:${file}`, ...filter, "--max-messages", "20");
    const { code, stderr } = await runProgram("scripts/store.ts", args);
    assertEquals([code, countIn(file)], [0, 6], stderr);
    assertStringIncludes(stderr, `Storing '${prefix}-a', '${prefix}-b' in `);
    assertStringIncludes(stderr, "Ended: 6 stored, 14 skipped");
  }));

Deno.test("store takes records in every compression", () =>
  withFile(async (file) => {
    const { CompressionTypes } = await import("../../lib/kafka/client/kafkajs.ts");
    const topic = await makeTopic(brokers, { partitions: 1 });
    const producer = openCluster({ brokers: brokers.split(",") }).quick.producer();
    await producer.connect();
    for (const [index, name] of (["None", "GZIP", "Snappy", "LZ4", "ZSTD"] as const).entries()) {
      const messages = editMessages(index * 10, 10);
      await producer.send({ topic, messages, compression: CompressionTypes[name] });
    }
    await producer.disconnect();
    const args = store(topic, `sqlite:${file}`, "--max-messages", "50");
    const { code, stderr } = await runProgram("scripts/store.ts", args);
    assertEquals([code, countIn(file)], [0, 50], stderr);
  }));
