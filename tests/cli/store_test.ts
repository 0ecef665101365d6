import { assertEquals, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { openCluster } from "../../lib/kafka/client/cluster.ts";
import { fakeOpenSearch } from "../support/databases/fake_opensearch.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { runProgram, startProgram } from "../support/programs/program.ts";
import { editMessages, publish } from "../support/kafka/records.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { until } from "../support/tools/until.ts";

const brokers = await testKafka();

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

Deno.test("store works with its task's permissions, and prints a summary", () =>
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

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`store stops cleanly on ${signal}, and resumes`, () =>
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

Deno.test("store stops while its database does not answer the start", async () => {
  const asked = Promise.withResolvers<void>();
  await using server = fakeOpenSearch(() => {
    asked.resolve();
    return new Promise(() => {});
  });
  const { url, index } = server.address;
  const args = store("none", `opensearch:${url}/${index}`);
  await using running = startProgram("scripts/store.ts", args);
  await asked.promise;
  running.process.kill("SIGTERM");
  const { code, stderr } = await running.ended.finally(() => server.abort());
  assertEquals([code, stderr], [0, ""]);
});

Deno.test("store loses and duplicates nothing in SQLite if it is killed", () =>
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
    [["postgres://me:secret@host/x"], "Cannot answer the question 'postgres://me:…@host/x'"],
  ] as const;
  for (const [args, words] of cases) {
    const { code, stderr } = await runProgram("scripts/report.ts", args);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, words);
  }
});

Deno.test("store accepts several topics, wildcards and filters", () =>
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

Deno.test("store reads records of every compression", () =>
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
