/** Checks a reader while records, partitions or the topic change. */
import { assertEquals, assertRejects } from "@std/assert";
import { withAdmin } from "../../../lib/kafka/admin/with_admin.ts";
import { disconnect, openCluster } from "../../../lib/kafka/client/cluster.ts";
import type { Admin } from "../../../lib/kafka/client/kafkajs.ts";
import type { ReadOptions } from "../../../lib/kafka/consume/read_options.ts";
import { readTopic } from "../../../lib/kafka/consume/reader.ts";
import { UserError } from "../../../lib/shared/error.ts";
import { offsetCommitter } from "../../../lib/kafka/client/offsets.ts";
import { testKafka, uniqueTopic } from "../../support/kafka/kafka.ts";
import { makeTopic } from "../../support/kafka/topic.ts";
import { gatherLog } from "../../support/programs/logged.ts";
import { until } from "../../support/tools/until.ts";

const brokers = await testKafka();
const cluster = openCluster({ brokers: brokers.split(",") });
const decoder = new TextDecoder();

Deno.test("readTopic() in a group continues at the earliest record after deletion", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  const group = uniqueTopic("group");
  await send(topic, 0, 100);
  assertEquals((await read({ topic, group, from: "beginning", maxRecords: 10 })).length, 10);
  const partitions = [{ partition: 0, offset: "50" }];
  await administer(async (admin) => {
    // Without this, kafkajs does not know the leader.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions });
  });
  using log = gatherLog();
  const left = await read({ topic, group, maxRecords: 50 });
  assertEquals([left.length, left[0], left.at(-1)], [50, "50", "99"]);
  assertEquals(log.lines.filter((line) => line.startsWith("warning")), [
    "warning: Kafka has deleted 40 offsets of partition 0 before they were read: continuing at offset 50",
  ]);
});

Deno.test("readTopic() in a group reads new partitions from their beginning", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  const group = uniqueTopic("group");
  const joined = Promise.withResolvers<void>();
  const reading = read({ topic, group, maxRecords: 30, onAssigned: () => joined.resolve() });
  await joined.promise;
  const topicPartitions = [{ topic, count: 3 }];
  await administer((admin) => admin.createPartitions({ topicPartitions }));
  for (const partition of [0, 1, 2]) await send(topic, partition, 10);
  assertEquals((await reading).length, 30);
});

Deno.test("readTopic() ends when its topic is deleted and created again", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  await send(topic, 0, 10);
  const seen = Promise.withResolvers<void>();
  const reading = read({ topic, from: "beginning", handle: () => seen.resolve() });
  await seen.promise;
  await administer((admin) => admin.deleteTopics({ topics: [topic] }));
  await makeTopic(brokers, { topic, partitions: 1 });
  await send(topic, 0, 30);
  await assertRejects(
    () => reading,
    UserError,
    `Cannot continue with the topic '${topic}': it was deleted`,
  );
});

Deno.test("readTopic() rejects a group's offsets of a deleted topic", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  const group = uniqueTopic("group");
  await send(topic, 0, 100);
  assertEquals((await read({ topic, group, from: "beginning", maxRecords: 100 })).length, 100);
  const committed = async () =>
    await withAdmin(cluster, { action: "fetch offsets" }, async (admin) => {
      const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      return found!.partitions[0]!;
    });
  const { offset, metadata } = await until(committed, ({ offset }) => offset === "100");
  await administer((admin) => admin.deleteTopics({ topics: [topic] }));
  await makeTopic(brokers, { topic, partitions: 1 });
  await send(topic, 0, 300);
  // Kafka deletes a group's offsets with the topic, but not those that a member commits later.
  const committer = offsetCommitter(cluster.quick);
  await committer.connect();
  await until(committed, ({ offset }) => offset === "-1");
  await committer.commit({ groupId: group, topic, partition: 0, offset, metadata: metadata! });
  await committer.disconnect();
  await assertRejects(
    () => read({ topic, group, maxRecords: 1 }),
    UserError,
    `Cannot resume in the topic '${topic}': it was deleted and created again after the group ` +
      `'${group}' read it`,
  );
});

async function read(options: Partial<ReadOptions> & { topic: string }): Promise<string[]> {
  const values: string[] = [];
  await readTopic(cluster, {
    signal: AbortSignal.timeout(60_000),
    handle: ({ records }) =>
      void values.push(...records.map(({ value }) => decoder.decode(value!))),
    ...options,
  });
  return values;
}

async function administer(work: (admin: Admin) => Promise<unknown>): Promise<void> {
  await withAdmin(cluster, { action: "change a topic" }, work);
}

/** Sends `count` records, whose values count from 0. */
async function send(topic: string, partition: number, count: number): Promise<void> {
  const producer = cluster.patient.producer();
  await producer.connect();
  const messages = Array.from({ length: count }, (_, i) => ({ partition, value: String(i) }));
  await producer.send({ topic, messages });
  await disconnect(producer);
}
