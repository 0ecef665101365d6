import { Buffer } from "node:buffer";
import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../lib/shared/error.ts";
import { MAX_UNPACKED } from "../../../lib/kafka/wire/compression.ts";
import { withAdmin } from "../../../lib/kafka/admin/with_admin.ts";
import { type Cluster, disconnect, openCluster } from "../../../lib/kafka/client/cluster.ts";
import type { Producer } from "../../../lib/kafka/client/kafkajs.ts";
import { sendOffsetWithMetadata } from "../../../lib/kafka/client/offsets.ts";
import type { ReadOptions } from "../../../lib/kafka/consume/read_options.ts";
import { readTopic } from "../../../lib/kafka/consume/reader.ts";
import { testKafka, uniqueTopic } from "../../support/kafka/kafka.ts";
import { makeTopic } from "../../support/kafka/topic.ts";
import { until } from "../../support/tools/until.ts";

const brokers = await testKafka();
const cluster = openCluster({ brokers: brokers.split(",") });

Deno.test("readTopic() reads from the beginning to the end, and leaves no group", async () => {
  const topic = await makeTopic(brokers, { partitions: 3 });
  await send(topic, 0, "a", "b");
  await send(topic, 2, "c");
  assertEquals((await read(topic)).sort(), ["a", "b", "c"]);
  assertEquals(await groupsOf("test-reader"), []);
});

Deno.test("readTopic() ends at once in an empty topic", async () => {
  assertEquals(await read(await makeTopic(brokers, { partitions: 3 })), []);
});

Deno.test("readTopic() stops after a number of records", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  await send(topic, 0, "a", "b", "c");
  assertEquals(await read(topic, { toEnd: false, maxRecords: 2 }), ["a", "b"]);
});

Deno.test("readTopic() from now on reads records published after the start", async () => {
  const topic = await makeTopic(brokers, { partitions: 3 });
  await send(topic, 0, "old");
  const stop = new AbortController();
  const values: string[] = [];
  const reading = readTopic(cluster, {
    topic,
    signal: stop.signal,
    handle: ({ records }) => {
      values.push(...records.map(({ value }) => textOf(value)));
      if (values.includes("last")) stop.abort();
    },
  });
  // The start is somewhere in between. All later records must arrive, in order.
  let count = 0;
  while (!stop.signal.aborted && count < 200) {
    await send(topic, 0, `new ${count++}`);
    if (values.length > 0) await send(topic, 0, "last");
  }
  await reading;
  assertEquals(values.includes("old"), false);
  const numbers = values.filter((value) => value !== "last").map((value) => Number(value.slice(4)));
  assertEquals(numbers, numbers.map((_, index) => numbers[0]! + index));
});

Deno.test("readTopic() in a group resumes, and repeats failed records", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  const group = uniqueTopic("group");
  await send(topic, 0, "a", "b", "c", "d");
  const options = { toEnd: false, group } as const;
  assertEquals(await read(topic, { ...options, maxRecords: 2 }), ["a", "b"]);
  await assertRejects(
    () => read(topic, { ...options, handle: () => Promise.reject(new Error("Disk is full")) }),
    Error,
    "Disk is full",
  );
  assertEquals(await read(topic, { ...options, maxRecords: 2 }), ["c", "d"]);
  assertEquals(await groupsOf(group), [group]);
});

Deno.test("readTopic() rejects a group that holds a producer's position", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  const group = uniqueTopic("group");
  await commitOffset(group, topic, "5", '{"v":1,"wikitap":"position","owner":"x"}');
  await assertRejects(
    () => read(topic, { toEnd: false, group }),
    UserError,
    `Cannot use the group '${group}': it holds the position of the producer for the topic '${topic}'`,
  );
});

Deno.test("readTopic() reports a missing topic within seconds", async () => {
  const started = performance.now();
  await assertRejects(() => read("no-such-topic"), UserError, "'no-such-topic' does not exist");
  assertEquals(performance.now() - started < 5000, true);
});

Deno.test("readTopic() leaves out overlapping aborted transactions", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  await send(topic, 0, "before");
  await inTransaction(uniqueTopic("tx"), async (first) => {
    await inTransaction(uniqueTopic("tx"), async (second) => {
      await sendIn(first, topic, "first aborted 1");
      await sendIn(second, topic, "second aborted");
      await sendIn(first, topic, "first aborted 2");
      await second.abort();
    });
    await sendIn(first, topic, "first aborted 3");
    await first.abort();
  });
  await inTransaction(uniqueTopic("tx"), async (third) => {
    await sendIn(third, topic, "committed");
    await third.commit();
  });
  assertEquals(await read(topic), ["before", "committed"]);
  const all = await read(topic, { uncommitted: true });
  assertEquals(all.length, 6);
  // A group with an offset begins within both.
  for (const offset of [2, 3, 4]) {
    const group = uniqueTopic("group");
    await commitOffset(group, topic, String(offset), "");
    assertEquals(await read(topic, { toEnd: false, maxRecords: 1, group }), ["committed"]);
  }
});

Deno.test("readTopic() leaves out an aborted record with an abort marker's key", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  await inTransaction(uniqueTopic("tx"), async (transaction) => {
    await sendIn(transaction, topic, "aborted", Buffer.alloc(4));
    await sendIn(transaction, topic, "aborted too");
    await transaction.abort();
  });
  await send(topic, 0, "after");
  assertEquals(await read(topic), ["after"]);
});

Deno.test("readTopic() ends before an open transaction", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  await send(topic, 0, "before");
  await inTransaction(uniqueTopic("tx"), async (transaction) => {
    await sendIn(transaction, topic, "open");
    await send(topic, 0, "behind");
    assertEquals(await read(topic), ["before"]);
    await transaction.commit();
  });
  // Kafka answers the commit before it has written the marker.
  const values = await until(() => read(topic), ({ length }) => length > 1);
  assertEquals(values, ["before", "open", "behind"]);
});

Deno.test("readTopic() reports records that unpack to too many bytes", async () => {
  const topic = await makeTopic(brokers, { partitions: 1 });
  const producer = cluster.quick.producer();
  await producer.connect();
  const value = Buffer.alloc(MAX_UNPACKED);
  await producer.send({ topic, compression: 4, messages: [{ partition: 0, value }] });
  await disconnect(producer);
  for (const group of [undefined, uniqueTopic("group")]) {
    await assertRejects(
      () => read(topic, { toEnd: false, group }),
      UserError,
      `Cannot read the topic '${topic}': records compressed with zstd unpack to more than 256 MiB`,
    );
  }
});

type Transaction = Awaited<ReturnType<Producer["transaction"]>>;

async function read(topic: string, options: Partial<ReadOptions> = {}): Promise<string[]> {
  const values: string[] = [];
  await readTopic(cluster, {
    topic,
    from: "beginning",
    toEnd: true,
    groupPrefix: "test-reader",
    signal: AbortSignal.timeout(20_000),
    handle: ({ records }) => void values.push(...records.map(({ value }) => textOf(value))),
    ...options,
  });
  return values;
}

async function groupsOf(prefix: string): Promise<string[]> {
  const { groups } = await withAdmin(cluster, { action: "list" }, (admin) => admin.listGroups());
  return groups.map(({ groupId }) => groupId).filter((groupId) => groupId.startsWith(prefix));
}

async function send(topic: string, partition: number, ...values: string[]): Promise<void> {
  const producer = cluster.quick.producer();
  await producer.connect();
  await producer.send({ topic, messages: values.map((value) => ({ partition, value })) });
  await disconnect(producer);
}

async function sendIn(
  transaction: Transaction,
  topic: string,
  value: string,
  key?: Buffer,
): Promise<void> {
  const message = { partition: 0, value, ...key === undefined ? {} : { key } };
  await transaction.send({ topic, messages: [message] });
}

async function inTransaction(
  transactionalId: string,
  work: (transaction: Transaction) => Promise<void>,
): Promise<void> {
  const producer = patientProducer(cluster, transactionalId);
  await producer.connect();
  try {
    await work(await producer.transaction());
  } finally {
    await disconnect(producer);
  }
}

/** Commits an offset of partition 0. Returns when it is visible, a moment later. */
async function commitOffset(
  groupId: string,
  topic: string,
  offset: string,
  metadata: string,
): Promise<void> {
  await inTransaction(uniqueTopic("tx"), async (transaction) => {
    await sendOffsetWithMetadata(transaction, { groupId, topic, partition: 0, offset, metadata });
    await transaction.commit();
  });
  await withAdmin(cluster, { action: "fetch offsets" }, async (admin) => {
    const committed = async () => (await admin.fetchOffsets({ groupId }))[0]?.partitions[0]?.offset;
    await until(committed, (found) => found === offset);
  });
}

function patientProducer({ patient }: Cluster, transactionalId: string): Producer {
  const retry = { initialRetryTime: 20, retries: 100 };
  return patient.producer({ transactionalId, maxInFlightRequests: 1, idempotent: true, retry });
}

function textOf(value: Uint8Array | null): string {
  return value === null ? "" : new TextDecoder().decode(value);
}
