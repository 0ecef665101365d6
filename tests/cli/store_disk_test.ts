/** Tests store on a full disk: it exits, and resumes when there is room. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { NO_DISK, resizeDisk, withDisk } from "../support/databases/disk.ts";
import { loadParquet } from "../support/databases/parquet.ts";
import { POSTGRES_USER, testPostgres } from "../support/databases/postgres.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { editMessages, publish } from "../support/kafka/records.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { type Ended, runProgram } from "../support/programs/program.ts";
import { needing } from "../support/tools/skip.ts";

const brokers = await testKafka();
const server = await testPostgres();

/** Stores `count` records of a topic. */
function store(
  topic: string,
  database: string,
  count: number,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const args = ["--bootstrap-server", brokers, "--topic", topic, "--database", database];
  const all = [...args, "--max-messages", String(count)];
  return runProgram("scripts/store.ts", all, { env, limit: 90_000 });
}

/** Makes a topic of one partition with `count` edits. */
async function topicOf(count: number): Promise<string> {
  const topic = await makeTopic(brokers, { partitions: 1 });
  for (let first = 0; first < count; first += 2000) {
    await publish(brokers, topic, editMessages(first, 2000));
  }
  return topic;
}

interface FileTest {
  readonly size: string;
  readonly count: number;
  readonly database: (path: string) => string;
  readonly stored: (path: string) => number | Promise<number>;
}

const FILES: Readonly<Record<string, FileTest>> = {
  SQLite: {
    size: "1m",
    count: 10_000,
    database: (path) => `sqlite:${path}/edits.db`,
    stored: (path) => {
      using database = new DatabaseSync(`${path}/edits.db`);
      return countOf(database);
    },
  },
  Parquet: {
    size: "64k",
    count: 30_000,
    database: (path) => `parquet:${path}/edits`,
    stored: async (path) => {
      using database = await loadParquet(`${path}/edits`);
      return countOf(database);
    },
  },
};

function countOf(database: DatabaseSync): number {
  return Number(database.prepare("SELECT count(*) AS count FROM edits").get()!.count);
}

for (const [kind, { size, count, database, stored }] of Object.entries(FILES)) {
  Deno.test(needing(NO_DISK, {
    name: `store exits when the ${kind} disk is full, and resumes later`,
    fn: () =>
      withDisk(size, async (path) => {
        const topic = await topicOf(count);
        const full = await store(topic, database(path), count);
        assertEquals(full.code, 1, full.stderr);
        assertStringIncludes(full.stderr, "disk is full");
        assertStringIncludes(full.stderr, "Free some space and start again");
        await resizeDisk(path, "100m");
        const done = await stored(path);
        assert(done < count);
        const rest = await store(topic, database(path), count - done);
        assertEquals([rest.code, await stored(path)], [0, count], rest.stderr);
      }),
  }));
}

Deno.test(needing(NO_DISK, {
  name: "store exits with an error when the disk of PostgreSQL is full",
  fn: () =>
    withDisk("4m", async (path) => {
      const topic = await topicOf(20_000);
      await using database = await server.database();
      const admin = server.connect("postgres", "postgres");
      await admin.unsafe(`CREATE TABLESPACE tiny LOCATION '${path}'`);
      await admin.unsafe(`ALTER DATABASE ${database.name} SET default_tablespace = tiny`);
      await admin.unsafe(`GRANT CREATE ON TABLESPACE tiny TO ${database.name}`);
      const env = { PGPASSWORD: server.password };
      const { code, stderr } = await store(topic, database.address, 20_000, env);
      await database.sql.end();
      await admin.unsafe(`DROP DATABASE ${database.name} WITH (FORCE)`);
      await admin.unsafe("DROP TABLESPACE tiny");
      await admin.end();
      assertEquals(code, 1, stderr);
      assertStringIncludes(stderr, "its disk is full");
    }, POSTGRES_USER),
}));
