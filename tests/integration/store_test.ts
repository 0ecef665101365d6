import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { UserError } from "../../lib/shared/error.ts";
import { openCluster } from "../../lib/kafka/client/cluster.ts";
import { ByteBuffer } from "../../lib/replay/byte_buffer.ts";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import type { StoreOptions } from "../../lib/store/consumer/options.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { editMessages, openPublisher, publish, range } from "../support/kafka/records.ts";
import { deleteTopic, makeTopic } from "../support/kafka/topic.ts";
import { until } from "../support/tools/until.ts";
import { makeDatabase, startStore, type StoreRun } from "../support/databases/store_run.ts";

const brokers = await testKafka();
const config = { brokers: brokers.split(",") };
const cluster = openCluster(config);
const start = (run: StoreRun) => startStore(brokers, run);

Deno.test("storeTopics() stores committed records, and resumes at its offset", async () => {
  await using database = await makeDatabase();
  const topic = await makeTopic(brokers, { partitions: 3 });
  await using publisher = await openPublisher(brokers);
  await publisher.publish(topic, editMessages(0, 300, 3));
  await publisher.publish(topic, editMessages(900, 100, 3), { abort: true });
  await publisher.publish(topic, editMessages(300, 300, 3));

  const first = start({ topic, file: database.file });
  await until(database.ids, (ids) => ids.length >= 600);
  await first.stop();
  await publisher.publish(topic, editMessages(600, 60, 3));
  const second = start({ topic, file: database.file });
  await until(database.ids, (ids) => ids.length >= 660);
  assertEquals(second.progress.records, 60);
  await second.stop();
  assertEquals(database.ids(), range(0, 660));
});

Deno.test("storeTopics() ends after maxRecords within a batch, without a loss", async () => {
  await using database = await makeDatabase();
  const topic = await makeTopic(brokers, { partitions: 2 });
  await publish(brokers, topic, editMessages(0, 100, 2));
  for (const [maxRecords, sum] of [[1, 1], [33, 34], [66, 100]] as const) {
    await start({ topic, file: database.file, maxRecords, batchSize: 10 }).done;
    assertEquals(database.ids().length, sum);
  }
  assertEquals(database.ids(), range(0, 100));
});

Deno.test("storeTopics() uses the database's offsets, not the group's in Kafka", async () => {
  await using database = await makeDatabase();
  await using other = await makeDatabase();
  const topic = await makeTopic(brokers, { partitions: 1 });
  await publish(brokers, topic, editMessages(0, 50));
  await start({ topic, file: database.file, maxRecords: 50 }).done;
  // The same group, whose offset in Kafka is at the end now.
  await start({ topic, file: other.file, maxRecords: 50 }).done;
  assertEquals(other.ids(), range(0, 50));
});

Deno.test("storeTopics() commits the group's offsets to Kafka, for other tools", async () => {
  await using database = await makeDatabase();
  const topic = await makeTopic(brokers, { partitions: 1 });
  await publish(brokers, topic, editMessages(0, 50));
  const run = start({ topic, file: database.file });
  // 50 records and the marker of their transaction
  await until(database.next, (next) => next === 51);
  await run.stop();
  const admin = cluster.quick.admin();
  await admin.connect();
  const [offsets] = await admin.fetchOffsets({ groupId: topic, topics: [topic] });
  await admin.disconnect();
  assertEquals(offsets?.partitions[0]?.offset, "51");
});

Deno.test("storeTopics() moves past aborted records at the end of a partition", async () => {
  await using database = await makeDatabase();
  const topic = await makeTopic(brokers, { partitions: 1 });
  await publish(brokers, topic, editMessages(0, 1000), { abort: true });
  const run = start({ topic, file: database.file });
  await until(database.next, (next) => next === 1001);
  await run.stop();
  assertEquals(run.progress.snapshot().lagRecords, 0);
});

Deno.test("storeTopics() stores bad records separately, and continues", async () => {
  await using database = await makeDatabase();
  const topic = await makeTopic(brokers, { partitions: 1 });
  const [good, last] = editMessages(0, 2);
  await publish(brokers, topic, [
    good!,
    { partition: 0, value: "no JSON" },
    { partition: 0, key: "deleted", value: null },
    { partition: 0, value: '{"title":"an own message"}' },
    { partition: 0, value: `{"id":1,"title":"${"\\u0000"}"}` },
    { partition: 0, value: Buffer.from([0, 0, 0, 0, 7, 255]) },
    last!,
  ]);
  await start({ topic, file: database.file, maxRecords: 7 }).done;
  assertEquals(database.ids(), [0, 1]);
  assertEquals(database.query("SELECT record_offset, reason FROM bad_records"), [
    [1, "bad JSON"],
    [2, "no value"],
    [3, "wrong shape: id"],
    [4, "wrong shape: domain"],
    [5, "bad JSON"],
  ]);
});

Deno.test("storeTopics() stores events of all types, and canaries as bad records", async () => {
  await using database = await makeDatabase();
  const topic = await makeTopic(brokers, { partitions: 1 });
  const [log] = syntheticLog({ seed: 1, count: 500, canaryEvery: 100 }).topics;
  const messages = Array.from({ length: 500 }, (_, index) => {
    const buffer = new ByteBuffer();
    log!.write(index, buffer);
    return { partition: 0, value: Buffer.from(buffer.take()) };
  });
  await publish(brokers, topic, messages);
  await start({ topic, file: database.file, maxRecords: 500 }).done;
  const types = database.query("SELECT type, count(*) FROM edits GROUP BY 1 ORDER BY 1");
  assertEquals(types.map(([type]) => type), ["categorize", "edit", "log", "new"]);
  const [[rows]] = database.query("SELECT count(*) FROM edits") as [[number]];
  const bad = database.query("SELECT reason, count(*) FROM bad_records GROUP BY 1");
  assertEquals(bad, [["wrong shape: namespace", 500 - rows]]);
  const [[event]] = database.query("SELECT event FROM edits LIMIT 1") as [[string]];
  assertEquals(event, new TextDecoder().decode(messages[0]!.value));
});

Deno.test("storeTopics() rejects a topic that has another id than the stored one", async () => {
  await using database = await makeDatabase();
  const topic = await makeTopic(brokers, { partitions: 1 });
  await publish(brokers, topic, editMessages(0, 50));
  await start({ topic, file: database.file, maxRecords: 50 }).done;
  await deleteTopic(brokers, topic);
  await makeTopic(brokers, { topic, partitions: 1 });
  await publish(brokers, topic, editMessages(100, 100));
  const { message } = await assertRejects(
    () => start({ topic, file: database.file }).done,
    UserError,
  );
  assertMatch(
    message,
    /^Cannot store the topic '.*': it was deleted and created again since it was stored: its id /,
  );
  assertEquals(database.ids(), range(0, 50));
});

Deno.test("storeTopics() reports that Kafka deleted records not yet stored", async () => {
  await using database = await makeDatabase();
  const topic = await makeTopic(brokers, { partitions: 1 });
  await publish(brokers, topic, editMessages(0, 50));
  await start({ topic, file: database.file, maxRecords: 10 }).done;
  const admin = cluster.quick.admin();
  await admin.connect();
  await admin.fetchTopicMetadata({ topics: [topic] }); // without it the next one fails
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "20" }] });
  await admin.disconnect();
  await assertRejects(
    () => start({ topic, file: database.file }).done,
    UserError,
    "before they were stored, offsets 10 to 19",
  );
});

Deno.test("storeTopics() gives way to another group in the same database", async () => {
  await using database = await makeDatabase();
  const topic = await makeTopic(brokers, { partitions: 1 });
  await publish(brokers, topic, editMessages(0, 10));
  const first = start({ topic, file: database.file, group: `${topic}-1` });
  await until(() => first.progress.records, (records) => records === 10);
  const second = start({ topic, file: database.file, group: `${topic}-2` });
  await until(() => second.progress.snapshot().partitions, (partitions) => partitions === 1);
  await until(
    () => database.query("SELECT group_id FROM positions"),
    ([position]) => position?.[0] === `${topic}-2`,
  );
  await publish(brokers, topic, editMessages(10, 10));
  await assertRejects(() => first.done, UserError, `the group '${topic}-2' has taken over`);
  await until(() => second.progress.records, (records) => records === 10);
  await second.stop();
  assertEquals(database.ids(), range(0, 20));
});

Deno.test("storeTopics() rejects a group that holds a producer's position", async () => {
  await using database = await makeDatabase();
  const topic = await makeTopic(brokers, { partitions: 1 });
  const { sendOffsetWithMetadata } = await import("../../lib/kafka/client/offsets.ts");
  const producer = cluster.quick.producer({ transactionalId: topic, maxInFlightRequests: 1 });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: editMessages(0, 1) });
  await sendOffsetWithMetadata(transaction, {
    groupId: topic,
    topic,
    partition: 0,
    offset: "1",
    metadata: '{"v":1,"wikitap":"position"}',
  });
  await transaction.commit();
  await producer.disconnect();
  await assertRejects(
    () => start({ topic, file: database.file }).done,
    UserError,
    "holds the position of the producer",
  );
});

Deno.test("storeTopics() stores several topics with separate offsets", async () => {
  await using database = await makeDatabase();
  const topics = [
    await makeTopic(brokers, { partitions: 2 }),
    await makeTopic(brokers, { partitions: 1 }),
  ];
  await using publisher = await openPublisher(brokers);
  await publisher.publish(topics[0]!, editMessages(0, 100, 2));
  await publisher.publish(topics[1]!, editMessages(100, 50, 1));
  const first = start({ topic: topics, file: database.file, maxRecords: 70 });
  await first.done;
  assertEquals(database.ids().length, 70);
  const second = start({ topic: topics, file: database.file });
  await until(database.ids, (ids) => ids.length >= 150);
  await second.stop();
  assertEquals(database.ids(), range(0, 150));
  assertEquals(
    database.query(
      "SELECT topic, count(*) FROM edits JOIN topics USING (topic_id) GROUP BY topic ORDER BY 2",
    ),
    [[topics[1], 50], [topics[0], 100]],
  );
});

Deno.test("storeTopics() stores all of each topic if members have different ones", async () => {
  await using database = await makeDatabase();
  const [a, b] = [
    await makeTopic(brokers, { partitions: 4 }),
    await makeTopic(brokers, { partitions: 4 }),
  ];
  await publish(brokers, a, editMessages(0, 100, 4));
  await publish(brokers, b, editMessages(100, 100, 4));
  const runs = [a, b].map((topic) => start({ topic, file: database.file, group: a }));
  await until(database.ids, (ids) => ids.length >= 200);
  assertEquals(runs.map(({ progress }) => progress.snapshot().partitions), [4, 4]);
  for (const run of runs) await run.stop();
  assertEquals(database.ids(), range(0, 200));
});

Deno.test("storeTopics() moves past records that are not selected", async () => {
  await using database = await makeDatabase();
  const topic = await makeTopic(brokers, { partitions: 1 });
  await publish(brokers, topic, editMessages(0, 100));
  const select: StoreOptions["select"] = (records) =>
    records.filter(({ offset }) => Number(offset) % 10 === 0);
  const run = start({ topic, file: database.file, maxRecords: 100, batchSize: 7, select });
  await run.done;
  assertEquals(database.ids(), range(0, 10).map((number) => number * 10));
  assertEquals([database.next(), run.progress.snapshot().skipped], [100, 90]);
});

Deno.test("storeTopics() shares partitions; members without any stand by", async () => {
  await using database = await makeDatabase();
  const topic = await makeTopic(brokers, { partitions: 2 });
  const runs = range(0, 3).map(() => start({ topic, file: database.file }));
  const shares = () => runs.map(({ progress }) => progress.snapshot().partitions).sort();
  await until(shares, (shares) => shares.join() === "0,1,1");
  await publish(brokers, topic, editMessages(0, 1000, 2));
  await until(database.ids, (ids) => ids.length === 1000);
  const active = runs.find(({ progress }) => progress.records > 0)!;
  await active.stop();
  await publish(brokers, topic, editMessages(1000, 1000, 2));
  await until(database.ids, (ids) => ids.length === 2000);
  for (const run of runs) await run.stop();
  assertEquals(database.ids(), range(0, 2000));
});
