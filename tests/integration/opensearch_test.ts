import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { openCluster } from "../../lib/kafka/client/cluster.ts";
import { ByteBuffer } from "../../lib/replay/byte_buffer.ts";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import type { OpenSearchAddress } from "../../lib/store/address.ts";
import { StoreProgress } from "../../lib/store/consumer/progress.ts";
import { storeTopics } from "../../lib/store/consumer/store_topics.ts";
import { openSink } from "../../lib/store/sinks/open.ts";
import { ownOpenSearch } from "../support/databases/opensearch.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { editMessages, editOf, openPublisher, publish, range } from "../support/kafka/records.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { stoppable } from "../support/databases/store_run.ts";
import { fileFolder } from "../support/tools/folder.ts";
import { until } from "../support/tools/until.ts";

const brokers = await testKafka();
const server = await ownOpenSearch(await fileFolder());

/** Stores a topic until `maxRecords`, or until the caller stops it. */
function start(topic: string, address: OpenSearchAddress, maxRecords?: number) {
  const progress = new StoreProgress();
  const storing = stoppable(async (signal) => {
    await using sink = await openSink(address, undefined);
    await storeTopics(openCluster({ brokers: brokers.split(",") }), {
      topics: [topic],
      group: topic,
      sink,
      batchSize: 300,
      maxRecords,
      signal,
      progress,
    });
  });
  return { progress, ...storing };
}

async function idsIn(index: string): Promise<number[]> {
  const documents = await server.documents(index);
  return documents.map(({ change_id }) => Number(change_id)).sort((a, b) => a - b);
}

Deno.test("storeTopics() stores committed records in OpenSearch over several runs", async () => {
  const topic = await makeTopic(brokers, { partitions: 3 });
  const address = server.database();
  await using publisher = await openPublisher(brokers);
  await publisher.publish(topic, editMessages(0, 3000, 3));
  await publisher.publish(topic, editMessages(9000, 500, 3), { abort: true });
  await publisher.publish(topic, [{ partition: 1, value: "no JSON" }]);
  await start(topic, address, 1001).done;
  await start(topic, address, 2000).done;
  assertEquals(await idsIn(address.index), range(0, 3000));
  const bad = await server.documents(`${address.index}-bad-records`);
  assertEquals(bad.map(({ partition, reason }) => [partition, reason]), [[1, "bad JSON"]]);
});

Deno.test("storeTopics() keeps upstream events in OpenSearch byte for byte", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  const address = server.database();
  const [log] = syntheticLog({ seed: 1, count: 200 }).topics;
  const values = Array.from({ length: 200 }, (_, index) => {
    const buffer = new ByteBuffer();
    log!.write(index, buffer);
    return Buffer.from(buffer.take());
  });
  await publish(brokers, topic, values.map((value) => ({ partition: 0, value })));
  await start(topic, address, 200).done;
  const documents = await server.documents(address.index);
  const stored = documents.map(({ record_offset, event }) => [record_offset, event]);
  assertEquals(stored, values.map((value, offset) => [offset, value.toString()]));
  const types = new Set(documents.map(({ type }) => type));
  assertEquals([...types].sort(), ["categorize", "edit", "log", "new"]);
});

Deno.test("storeTopics() waits while OpenSearch blocks writes, as on a full disk", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  const address = server.database();
  const run = start(topic, address);
  await until(() => run.progress.snapshot().partitions, (count) => count === 1);
  const block = (isBlocked: boolean) =>
    server.request("PUT", `${address.index}/_settings`, {
      "index.blocks.read_only_allow_delete": isBlocked ? true : null,
    });
  await block(true);
  await publish(brokers, topic, editMessages(0, 100));
  await until(() => run.progress.snapshot().isDatabaseAway);
  await block(false);
  await until(() => run.progress.records, (count) => count === 100);
  await run.stop();
  assertEquals(await idsIn(address.index), range(0, 100));
});

Deno.test("storeTopics() stores documents that a mapping rejects as bad records", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  const address = server.database();
  await (await openSink(address, undefined))[Symbol.asyncDispose]();
  const mapping = await server.request("GET", `${address.index}/_mapping`);
  const { mappings } = mapping[address.index] as {
    mappings: { properties: Record<string, unknown> };
  };
  await server.request("DELETE", address.index);
  mappings.properties.change_id = { type: "integer" };
  await server.request("PUT", address.index, { mappings });
  const large = { ...editOf(0), id: 2 ** 40 };
  await publish(brokers, topic, [
    { partition: 0, value: JSON.stringify(large) },
    ...editMessages(1, 10),
  ]);
  const run = start(topic, address, 11);
  await run.done;
  const { edits, bad } = run.progress.snapshot();
  assertEquals([edits, bad], [10, 1]);
  assertEquals(await idsIn(address.index), range(1, 11));
  const [row] = await server.documents(`${address.index}-bad-records`);
  assertEquals(row?.record_offset, 0);
  assert(/^mapper_parsing_exception: failed to parse field \[change_id\]/.test(`${row?.reason}`));
  // The next run has written nothing itself that shows whether the index accepts edits.
  await publish(brokers, topic, [{ partition: 0, value: JSON.stringify(large) }]);
  const next = start(topic, address, 1);
  await next.done;
  assertEquals(next.progress.snapshot().bad, 1);
  assertEquals(await idsIn(address.index), range(1, 11));
});

Deno.test("storeTopics() recreates a deleted index with the same mapping", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  const address = server.database();
  const mappingOf = async () =>
    (await server.request("GET", `${address.index}/_mapping`))[address.index];
  const run = start(topic, address);
  await publish(brokers, topic, editMessages(0, 10));
  await until(() => run.progress.records, (count) => count === 10);
  const before = await mappingOf();
  await server.request("DELETE", address.index);
  await publish(brokers, topic, editMessages(10, 10));
  await until(() => run.progress.records, (count) => count === 20);
  await run.stop();
  assertEquals(await idsIn(address.index), range(10, 20));
  assertEquals(await mappingOf(), before);
});

Deno.test("storeTopics() continues in OpenSearch after SIGKILL of the server", async () => {
  const topic = await makeTopic(brokers, { partitions: 2 });
  const address = server.database();
  const run = start(topic, address);
  await publish(brokers, topic, editMessages(0, 1000, 2));
  await until(() => run.progress.records, (count) => count > 0);
  await server.stop("KILL");
  await publish(brokers, topic, editMessages(1000, 1000, 2));
  await until(() => run.progress.snapshot().isDatabaseAway);
  await server.start();
  await until(() => run.progress.records, (count) => count === 2000);
  await run.stop();
  assertEquals(await idsIn(address.index), range(0, 2000));
});
