import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { openCluster } from "../../lib/kafka/client/cluster.ts";
import { ByteBuffer } from "../../lib/replay/byte_buffer.ts";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { StoreProgress } from "../../lib/store/consumer/progress.ts";
import { storeTopics } from "../../lib/store/consumer/store_topics.ts";
import { openSink } from "../../lib/store/sinks/open.ts";
import { loadParquet } from "../support/databases/parquet.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { editMessages, editOf, openPublisher, publish } from "../support/kafka/records.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { testFolder } from "../support/tools/folder.ts";
import { HOSTILE } from "../support/tools/hostile.ts";
import { noEngines, runPython } from "../support/tools/python.ts";
import { needing } from "../support/tools/skip.ts";

const brokers = await testKafka();
const PARTITIONS = 3;

/** Stores a topic until `maxRecords`. */
async function store(topic: string, directory: string, maxRecords: number): Promise<void> {
  await using sink = await openSink({ kind: "parquet", directory }, undefined);
  await storeTopics(openCluster({ brokers: brokers.split(",") }), {
    topics: [topic],
    group: topic,
    sink,
    batchSize: 300,
    maxRecords,
    signal: new AbortController().signal,
    progress: new StoreProgress(),
  });
}

/** Edits with texts of all kinds, from the number 100,000 on. */
const hostileEdits = Object.values(HOSTILE)
  .filter((text) => text.length <= 512 && !text.includes("\0") && text.isWellFormed())
  .map((text, index) =>
    editOf(100_000 + index, { title: text, user_name: null, old_length: null })
  );

/** Creates a topic with committed and aborted records, some of them bad. */
async function fillTopic() {
  const topic = await makeTopic(brokers, { partitions: PARTITIONS });
  await using publisher = await openPublisher(brokers);
  await publisher.publish(topic, editMessages(0, 3000, PARTITIONS));
  await publisher.publish(topic, editMessages(9000, 500, PARTITIONS), { abort: true });
  await publisher.publish(topic, [
    ...hostileEdits.map((edit, index) => ({
      partition: index % PARTITIONS,
      value: JSON.stringify(edit),
    })),
    { partition: 1, value: "no JSON" },
  ]);
  return { topic, count: 3000 + hostileEdits.length + 1 };
}

Deno.test("storeTopics() stores committed records in Parquet over several runs", async () => {
  await using folder = await testFolder();
  const directory = `${folder.path}/edits`;
  const { topic, count } = await fillTopic();
  await store(topic, directory, 1001);
  await store(topic, directory, count - 1001);
  using database = await loadParquet(directory);
  const ids = database.prepare("SELECT change_id FROM edits ORDER BY change_id").all();
  assertEquals(ids.map(({ change_id }) => Number(change_id)), [
    ...Array.from({ length: 3000 }, (_, number) => number),
    ...hostileEdits.map(({ id }) => id),
  ]);
  const bad = database.prepare("SELECT partition, reason FROM bad_records").all();
  assertEquals(bad.map((row) => ({ ...row })), [{ partition: 1, reason: "bad JSON" }]);
});

Deno.test("storeTopics() keeps upstream events in Parquet byte for byte", async () => {
  await using folder = await testFolder();
  const directory = `${folder.path}/edits`;
  const topic = await makeTopic(brokers, { partitions: 1 });
  const [log] = syntheticLog({ seed: 1, count: 200 }).topics;
  const values = Array.from({ length: 200 }, (_, index) => {
    const buffer = new ByteBuffer();
    log!.write(index, buffer);
    return Buffer.from(buffer.take());
  });
  await publish(brokers, topic, values.map((value) => ({ partition: 0, value })));
  await store(topic, directory, 200);
  using database = await loadParquet(directory);
  const rows = database.prepare("SELECT event FROM edits ORDER BY record_offset").all();
  assertEquals(rows.map(({ event }) => event), values.map((value) => value.toString()));
  const types = database.prepare("SELECT DISTINCT type FROM edits ORDER BY type").all();
  assertEquals(types.map(({ type }) => type), ["categorize", "edit", "log", "new"]);
});

/** Each prints all edits as lines of JSON, in the order of their ids. */
const READERS = {
  DuckDB: `
import duckdb, json, sys
query = f"""SELECT * EXCLUDE (time, date), epoch_ms(time) AS time_ms, CAST(date AS VARCHAR) AS date
  FROM read_parquet('{sys.argv[1]}/date=*/*.parquet', hive_partitioning = true) ORDER BY change_id"""
result = duckdb.sql(query)
names = result.columns
for row in result.fetchall():
    print(json.dumps(dict(zip(names, row))))
`,
  pyarrow: `
import json, sys
import pyarrow.dataset as ds
table = ds.dataset(sys.argv[1], format="parquet", partitioning="hive").to_table().sort_by("change_id")
for row in table.to_pylist():
    time = row.pop("time")
    row["time_ms"] = round(time.timestamp() * 1000)
    print(json.dumps(row))
`,
  polars: `
import json, sys
import polars as pl
frame = pl.scan_parquet(sys.argv[1] + "/date=*/*.parquet", hive_partitioning=True, try_parse_hive_dates=False)
frame = frame.with_columns(pl.col("time").dt.epoch("ms").alias("time_ms")).drop("time").sort("change_id")
for row in frame.collect().to_dicts():
    print(json.dumps(row))
`,
};

Deno.test(needing(await noEngines(), {
  name: "DuckDB, pyarrow and polars read from Parquet what the topic has",
  fn: async () => {
    await using folder = await testFolder();
    const directory = `${folder.path}/edits`;
    const { topic, count } = await fillTopic();
    await store(topic, directory, count);
    const edits = [...Array.from({ length: 3000 }, (_, number) => editOf(number)), ...hostileEdits];
    const expected = edits.map((edit) => ({
      topic,
      type: null,
      change_id: edit.id,
      domain: edit.domain,
      namespace: edit.namespace,
      title: edit.title,
      user_name: edit.user_name,
      is_bot: edit.user_type === "bot",
      old_length: edit.old_length,
      new_length: edit.new_length,
      event: null,
      date: edit.timestamp.slice(0, 10),
      time_ms: Date.parse(edit.timestamp),
    }));
    for (const [engine, script] of Object.entries(READERS)) {
      const rows = await runPython<Record<string, unknown>>(script, directory);
      const plain = rows.map(({ partition: _partition, record_offset: _offset, ...row }) => row);
      assertEquals(plain, expected, engine);
      const places = new Set(rows.map((row) => `${row.partition}:${row.record_offset}`));
      assertEquals(places.size, rows.length, engine);
    }
  },
}));
