import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../../../lib/shared/error.ts";
import { toRows } from "../../../../../lib/store/rows.ts";
import type { Claim, Sink } from "../../../../../lib/store/sink.ts";
import type { ParquetOptions } from "../../../../../lib/store/sinks/parquet/options.ts";
import { openParquetSink } from "../../../../../lib/store/sinks/parquet/parquet_sink.ts";
import { PartitionLog } from "../../../../../lib/store/sinks/parquet/partition_log.ts";
import {
  loadParquet,
  metadataOf,
  parquetFiles,
  readParquet,
} from "../../../../support/databases/parquet.ts";
import { editOf, range } from "../../../../support/kafka/records.ts";
import { testFolder } from "../../../../support/tools/folder.ts";

const encoder = new TextEncoder();
const DAY = 86_400_000;

/** Returns rows of edits with numbers. `timeOf` returns the time of each, in ms. */
function rowsOf(first: number, count: number, timeOf?: (number: number) => number) {
  return toRows(Array.from({ length: count }, (_, index) => {
    const number = first + index;
    const changes = timeOf === undefined
      ? {}
      : { timestamp: new Date(timeOf(number)).toISOString() };
    const value = encoder.encode(JSON.stringify(editOf(number, changes)));
    return { offset: String(number), timestamp: "0", value };
  }));
}

function open(directory: string, options: Partial<ParquetOptions> = {}): Promise<Sink> {
  return openParquetSink({ kind: "parquet", directory }, options);
}

async function claimOf(sink: Sink, group = "group"): Promise<Claim> {
  const topicId = await sink.addTopic({ clusterId: "cluster", topic: "topic", kafkaId: null });
  return await sink.claim({ topicId, partition: 0, group, first: 0n });
}

/** Writes edits from `claim.next` on, and returns the claim to continue with. */
async function write(sink: Sink, claim: Claim, count: number): Promise<Claim> {
  const rows = rowsOf(Number(claim.next), count);
  const outcome = await sink.write({ claim, next: claim.next + BigInt(count), rows });
  if (!("claim" in outcome)) throw new Error(`Held by ${outcome.heldBy}`);
  return outcome.claim;
}

/** Returns the ids of all edits that readers see. */
async function idsIn(directory: string): Promise<number[]> {
  using database = await loadParquet(directory);
  return database.prepare("SELECT change_id FROM edits ORDER BY record_offset").all()
    .map(({ change_id }) => Number(change_id));
}

Deno.test("ParquetSink shows edits once they are flushed, and continues there", async () => {
  await using folder = await testFolder();
  const directory = `${folder.path}/edits`;
  {
    await using sink = await open(directory);
    const claim = await write(sink, await claimOf(sink), 10);
    assertEquals(await idsIn(directory), []);
    await sink.flush();
    await write(sink, claim, 5);
  }
  await using sink = await open(directory);
  assertEquals((await claimOf(sink)).next, 10n);
  assertEquals(await idsIn(directory), range(0, 10));
});

Deno.test("ParquetSink flushes rows that have waited long enough", async () => {
  await using folder = await testFolder();
  const directory = `${folder.path}/edits`;
  let now = 0;
  await using sink = await open(directory, { fileMs: 1000, now: () => now });
  const claim = await write(sink, await claimOf(sink), 10);
  now = 999;
  await write(sink, claim, 1);
  await sink.flush({ onlyDue: true });
  assertEquals(await idsIn(directory), []);
  now = 1000;
  await sink.flush({ onlyDue: true });
  assertEquals(await idsIn(directory), range(0, 11));
});

Deno.test("ParquetSink completes files that are large enough", async () => {
  await using folder = await testFolder();
  const directory = `${folder.path}/edits`;
  await using sink = await open(directory, { fileBytes: 50_000 });
  let claim = await claimOf(sink);
  for (let count = 0; count < 5; count++) claim = await write(sink, claim, 4000);
  const sizes = await Promise.all(
    (await parquetFiles(directory)).map(async (file) => (await Deno.stat(file)).size),
  );
  assert(sizes.length > 0 && sizes.every((size) => size < 200_000), String(sizes));
});

Deno.test("ParquetSink moves the offset without records", async () => {
  await using folder = await testFolder();
  await using sink = await open(`${folder.path}/edits`);
  const claim = await claimOf(sink);
  await sink.write({ claim, next: 7n, rows: { edits: [], bad: [] } });
  await sink.flush();
  assertEquals((await claimOf(sink)).next, 7n);
});

Deno.test("ParquetSink of another process takes over", async () => {
  await using folder = await testFolder();
  const directory = `${folder.path}/edits`;
  await using first = await open(directory);
  await using second = await open(directory);
  let mine = await write(first, await claimOf(first, "mine"), 10);
  await first.flush();
  mine = await write(first, mine, 10);
  const other = await claimOf(second, "other");
  assertEquals(other.next, 10n);
  const late = await first.write({ claim: mine, next: 30n, rows: rowsOf(20, 10) });
  assertEquals(late, { heldBy: "other" });
  assertEquals(await first.flush(), []);
  await write(second, other, 5);
  await second.flush();
  assertEquals(await idsIn(directory), range(0, 15));
});

Deno.test("ParquetSink reports rows that it accepted and dropped, once", async () => {
  await using folder = await testFolder();
  const directory = `${folder.path}/edits`;
  await using first = await open(directory);
  await using second = await open(directory);
  await write(first, await claimOf(first), 10);
  await claimOf(second);
  assertEquals(await first.flush(), [{ topicId: 1, partition: 0 }]);
  assertEquals(await first.flush(), []);
});

Deno.test("ParquetSink keeps its rows if an abandoned claim ends late", async () => {
  await using folder = await testFolder();
  const directory = `${folder.path}/edits`;
  await using sink = await open(directory);
  const topicId = await sink.addTopic({ clusterId: "cluster", topic: "topic", kafkaId: null });
  const wanted = { topicId, partition: 0, group: "group", first: 0n };
  const { mkdir } = Deno;
  const slow = Promise.withResolvers<void>();
  let begun = 0;
  Deno.mkdir = async (...args) => {
    if (++begun === 1) await slow.promise;
    await mkdir(...args);
  };
  try {
    const abandoned = sink.claim(wanted);
    const claim = sink.claim(wanted);
    // If the second claim did not wait for the first one, it would begin before this timer.
    await new Promise((resolve) => setTimeout(resolve));
    if (begun === 1) slow.resolve();
    await write(sink, await claim, 10);
    slow.resolve();
    await abandoned;
  } finally {
    Deno.mkdir = mkdir;
  }
  await sink.flush();
  assertEquals(await idsIn(directory), range(0, 10));
});

Deno.test("ParquetSink keeps temporary files of later claims", async () => {
  await using folder = await testFolder();
  const directory = `${folder.path}/edits`;
  await using sink = await open(directory);
  const claim = await claimOf(sink);
  const later = `${directory}/_wikitap/1/0/7-0.tmp`;
  await Deno.writeTextFile(later, "");
  await write(sink, claim, 10);
  await sink.flush();
  assert((await Deno.stat(later)).isFile);
});

Deno.test("ParquetSink loses its claim if another claim removed its files", async () => {
  await using folder = await testFolder();
  const directory = `${folder.path}/edits`;
  await using first = await open(directory);
  await using second = await open(directory);
  const mine = await claimOf(first, "mine");
  // More than a row group, so that a file is written. It ends after the other process's claim.
  const writing = write(first, mine, 50_000).then(() => "written", ({ message }) => message);
  const other = await claimOf(second, "other");
  assert(["written", "Held by other"].includes(await writing));
  await first.flush();
  await write(second, other, 20);
  await second.flush();
  assertEquals(await idsIn(directory), range(0, 20));
});

Deno.test("ParquetSink loses its claim even if the entry after it was removed", async () => {
  await using folder = await testFolder();
  const directory = `${folder.path}/edits`;
  await using first = await open(directory);
  await using second = await open(directory);
  await write(first, await claimOf(first, "mine"), 3000);
  let other = await claimOf(second, "other");
  // More commits than entries that are kept.
  for (let i = 0; i < 20; i++) {
    other = await write(second, other, 1);
    await second.flush();
  }
  await first.flush();
  assertEquals(await idsIn(directory), range(0, 20));
});

Deno.test("ParquetSink never commits a file that may lack rows", async () => {
  await using folder = await testFolder();
  const directory = `${folder.path}/edits`;
  await using sink = await open(directory);
  const claim = await write(sink, await claimOf(sink), 3000);
  const state = `${directory}/_wikitap/1/0`;
  // Bytes are lost, as on a full disk, and later ones may fit again.
  await Deno.rename(`${state}/0-0.tmp`, `${state}/gone`);
  await assertRejects(() => write(sink, claim, 3000), UserError, "it does not exist");
  await Deno.rename(`${state}/gone`, `${state}/0-0.tmp`);
  await sink.flush();
  assertEquals(await idsIn(directory), []);
  assertEquals((await claimOf(sink)).next, 0n);
});

Deno.test("ParquetSink commits nothing after another claim", async () => {
  await using folder = await testFolder();
  const directory = `${folder.path}/edits`;
  await using first = await open(directory);
  await using second = await open(directory);
  await write(first, await claimOf(first, "mine"), 10);
  const [, other] = await Promise.all([first.flush(), claimOf(second, "other")]);
  await write(second, other, 20 - Number(other.next));
  await second.flush();
  assertEquals(await idsIn(directory), range(0, 20));
});

Deno.test("ParquetSink renames files after a crash between commit and rename", async () => {
  await using folder = await testFolder();
  const directory = `${folder.path}/edits`;
  const state = `${directory}/_wikitap/1/0`;
  {
    await using sink = await open(directory);
    await write(sink, await claimOf(sink), 10);
    await sink.flush();
  }
  // As if the process had died right after the entry: the file has its temporary name.
  const log = new PartitionLog(directory, state);
  const { number, entry } = (await log.newest())!;
  const [{ temporary, path }] = entry.files as [(typeof entry.files)[0]];
  await Deno.rename(`${directory}/${path}`, `${state}/${temporary}`);
  assertEquals(await idsIn(directory), []);
  await using sink = await open(directory);
  assertEquals((await claimOf(sink)).next, 10n);
  assertEquals(await idsIn(directory), range(0, 10));
  assertEquals(number, 1);
});

Deno.test("ParquetSink removes leftover files before a commit", async () => {
  await using folder = await testFolder();
  const directory = `${folder.path}/edits`;
  {
    await using sink = await open(directory);
    await write(sink, await claimOf(sink), 3000);
  }
  await using sink = await open(directory);
  const claim = await claimOf(sink);
  assertEquals(claim.next, 0n);
  const names = [...Deno.readDirSync(`${directory}/_wikitap/1/0`)].map(({ name }) => name);
  assertEquals(names.sort(), ["0.json", "1.json"]);
});

Deno.test("PartitionLog rejects an entry whose number was used long ago", async () => {
  await using folder = await testFolder();
  await Deno.mkdir(`${folder.path}/state`);
  const log = new PartitionLog(folder.path, `${folder.path}/state/0`);
  const entry = (number: number) => ({
    id: crypto.randomUUID(),
    group: "group",
    epoch: 0,
    next: BigInt(number),
    files: [],
  });
  for (const number of range(0, 30)) {
    assert(await log.append(number, entry(number)));
    await log.clean(number, 0);
  }
  assertEquals(await log.has(5), false);
  assertEquals(await log.append(5, entry(5)), false);
  assertEquals(await log.append(29, entry(29)), false);
  assertEquals((await log.newest())!.number, 29);
});

Deno.test("ParquetSink writes edits of any year into files by day", async () => {
  await using folder = await testFolder();
  const directory = `${folder.path}/edits`;
  await using sink = await open(directory);
  const claim = await claimOf(sink);
  const rows = rowsOf(0, 100, (number) => Date.UTC(2001, 0, 1) + number * 90 * DAY);
  await sink.write({ claim, next: 100n, rows });
  await sink.flush();
  const files = await parquetFiles(directory);
  assertEquals(files.length, 100);
  for (const file of files) {
    const [, day] = /date=([\d-]+)\//.exec(file)!;
    for (const { time } of await readParquet(file)) {
      assertEquals((time as Date).toISOString().slice(0, 10), day);
    }
  }
  assertEquals(await idsIn(directory), range(0, 100));
  const { entry } = (await new PartitionLog(directory, `${directory}/_wikitap/1/0`).newest())!;
  assert(entry.files.length <= 32);
});

Deno.test("ParquetSink's files have a known writer and statistics", async () => {
  for (const codec of ["zstd", "snappy"] as const) {
    await using folder = await testFolder();
    const directory = `${folder.path}/edits`;
    await using sink = await open(directory, { codec });
    await write(sink, await claimOf(sink), 10);
    await sink.flush();
    const [file] = await parquetFiles(directory);
    assertEquals(file, `${directory}/date=2026-01-01/topic-0-0-9.parquet`);
    const { created_by, key_value_metadata, row_groups } = await metadataOf(file!);
    assert(/^wikitap version \d+\.\d+\.\d+$/.test(created_by!), created_by);
    assertEquals(Object.fromEntries(key_value_metadata!.map(({ key, value }) => [key, value])), {
      "wikitap.schema": "edits/1",
      "wikitap.topic": "topic",
      "wikitap.cluster_id": "cluster",
      "wikitap.partition": "0",
      "wikitap.first_offset": "0",
      "wikitap.last_offset": "9",
      "wikitap.rows": "10",
    });
    const offsets = row_groups[0]!.columns.find(({ meta_data }) =>
      meta_data!.path_in_schema[0] === "record_offset"
    )!.meta_data!;
    assertEquals(offsets.codec, codec.toUpperCase() as typeof offsets.codec);
    assertEquals([offsets.statistics!.min_value, offsets.statistics!.max_value], [0n, 9n]);
  }
});

Deno.test("openParquetSink() rejects a foreign directory, and changes nothing", async () => {
  for (const name of ["date=2026-01-01", "part-0.parquet"]) {
    await using folder = await testFolder();
    await Deno.writeTextFile(`${folder.path}/${name}`, "");
    const error = await assertRejects(() => open(folder.path), UserError);
    assertEquals(
      error.message,
      `Cannot use the directory '${folder.path}': it has '${name}', which is not from wikitap`,
    );
    assertEquals([...Deno.readDirSync(folder.path)].length, 1);
  }
});

Deno.test("openParquetSink() explains why a directory cannot be used", async () => {
  await using folder = await testFolder();
  await Deno.writeTextFile(`${folder.path}/file`, "");
  await assertRejects(() => open(`${folder.path}/file`), UserError, "it is not a directory");
  await assertRejects(() => open(`${folder.path}/a/b`), UserError, "it does not exist");
  const directory = `${folder.path}/edits`;
  await using sink = await open(directory);
  const claim = await claimOf(sink);
  await Deno.writeTextFile(`${directory}/_wikitap/1/0/${claim.epoch}.json`, "{");
  await assertRejects(() => claimOf(sink), UserError, "it is not a log entry of wikitap");
});

Deno.test("ParquetSink does not touch foreign files", async () => {
  await using folder = await testFolder();
  const directory = `${folder.path}/edits`;
  await using sink = await open(directory);
  await claimOf(sink);
  const foreign = [`${directory}/notes.txt`, `${directory}/_wikitap/1/0/notes.tmp`];
  for (const file of foreign) await Deno.writeTextFile(file, "mine");
  await write(sink, await claimOf(sink), 10);
  await sink.flush();
  for (const file of foreign) assertEquals(await Deno.readTextFile(file), "mine");
});
