import { assertEquals, assertStringIncludes } from "@std/assert";
import { loadParquet, parquetFiles } from "../support/databases/parquet.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { editMessages, publish } from "../support/kafka/records.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { runProgram, startProgram } from "../support/programs/program.ts";
import { testFolder } from "../support/tools/folder.ts";
import { until } from "../support/tools/until.ts";

const brokers = await testKafka();

const store = (topic: string, directory: string, ...args: string[]) => [
  ...["--bootstrap-server", brokers, "--topic", topic],
  ...["--database", `parquet:${directory}`],
  ...args,
];

async function countIn(directory: string): Promise<number> {
  using database = await loadParquet(directory);
  return Number(database.prepare("SELECT count(*) AS count FROM edits").get()!.count);
}

function hasTemporary(directory: string, partition: number): boolean {
  try {
    const names = [...Deno.readDirSync(`${directory}/_wikitap/1/${partition}`)];
    return names.some(({ name }) => /^\d+-\d+\.tmp$/.test(name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test("store writes complete Parquet files with the task's permissions", async () => {
  await using folder = await testFolder();
  const topic = await makeTopic(brokers, { partitions: 3 });
  await publish(brokers, topic, editMessages(0, 300, 3));
  const directory = `${folder.path}/edits`;
  const own = [`--allow-read=${directory}`, `--allow-write=${directory}`];
  const permissions = ["-P=store", "--allow-net=127.0.0.1", ...own];
  const args = store(topic, directory);
  await using running = startProgram("scripts/store.ts", args, { permissions });
  await running.untilLog("Storing partitions 0, 1, 2");
  // Files that are not complete have temporary names.
  const leftovers = () =>
    [0, 1, 2].filter((partition) => hasTemporary(directory, partition)).length;
  await until(leftovers, (count) => count === 3);
  running.process.kill("SIGTERM");
  const { code, stderr } = await running.ended;
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, "as the group 'wikitap-store.edits.");
  assertStringIncludes(stderr, "Ended: 300 stored");
  assertEquals([await countIn(directory), (await parquetFiles(directory)).length], [300, 3]);
});

Deno.test("store completes Parquet files after the interval while it runs", async () => {
  await using folder = await testFolder();
  const topic = await makeTopic(brokers, { partitions: 1 });
  await publish(brokers, topic, editMessages(0, 100));
  const args = store(topic, `${folder.path}/edits`, "--parquet-file-interval", "1s");
  await using _running = startProgram("scripts/store.ts", args);
  await until(() => countIn(`${folder.path}/edits`).catch(() => 0), (count) => count === 100);
});

Deno.test("report prints the DuckDB query if the edits are in Parquet", async () => {
  const args = ["--database", "parquet:my edits"];
  const { code, stderr } = await runProgram("scripts/report.ts", args);
  assertEquals([code, stderr], [
    1,
    "error: Cannot report on 'parquet:my edits': the edits are in Parquet\n" +
    '  Ask DuckDB: duckdb -c "SELECT domain AS wiki, count(*) AS edits FROM ' +
    "'my edits/date=*/*.parquet' GROUP BY ALL ORDER BY edits DESC LIMIT 10\"\n",
  ]);
});

Deno.test("store reports missing permissions for the directory", async () => {
  const args = store("none", "/tmp/elsewhere");
  const permissions = ["-P=store", "--allow-net=127.0.0.1"];
  const { code, stderr } = await runProgram("scripts/store.ts", args, { permissions });
  assertEquals(code, 1, stderr);
  assertStringIncludes(
    stderr,
    "Cannot use the directory '/tmp/elsewhere': Deno denies access to it",
  );
  assertStringIncludes(stderr, "--allow-write=/tmp/elsewhere");
});
