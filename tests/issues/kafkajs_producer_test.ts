/**
 * kafkajs 2.2.4 loses or duplicates records in ways that the publisher avoids. Each has a test
 * here, on real brokers. See also tests/chaos, where brokers are killed.
 */
import { createRequire } from "node:module";
import { assert, assertEquals, assertRejects } from "@std/assert";
// Before anything that loads lib/kafka/client/kafkajs.ts, which replaces it.
import original from "kafkajs/src/producer/groupMessagesPerPartition.js";
import { groupByPartition } from "../../lib/kafka/wire/group_by_partition.ts";
import type { Transaction } from "../../lib/kafka/client/kafkajs.ts";
import { chunksOf } from "../../lib/kafka/publish/send/chunks.ts";
import { sendChunks } from "../../lib/kafka/publish/send/send.ts";
import {
  batchOf,
  NEVER,
  newDelivery,
  newPlace,
  type Place,
  withTransactions,
} from "../support/kafka/delivery.ts";
import { testKafka3 } from "../support/kafka/kafka.ts";
import { recordsOf } from "../support/kafka/produce.ts";

const kafka = await testKafka3();

const spread = () => newPlace(kafka, { partitions: 6, replicationFactor: 3 });

async function assertNumbers({ topic }: Place, count: number): Promise<void> {
  const records = await recordsOf(kafka, topic, count);
  const found = records.map(({ value }) => Number(value)).sort((a, b) => a - b);
  assertEquals(found, [...new Array(count).keys()]);
}

/** The same cluster, where each `send` goes through `change`. */
function withSends(
  { cluster }: Place,
  change: (send: Transaction["send"], ...args: Parameters<Transaction["send"]>) => Promise<unknown>,
) {
  return withTransactions(cluster, (transaction) => {
    const send = transaction.send.bind(transaction);
    transaction.send = (record) => change(send, record) as ReturnType<Transaction["send"]>;
    return transaction;
  });
}

// If a send spans several brokers, and one must be asked again, kafkajs sends to the others again,
// too. The first request of every transaction is answered with CONCURRENT_TRANSACTIONS.
Deno.test("kafkajs duplicates a send over several brokers; the publisher does not", async () => {
  const place = await spread();
  const partitions: number[] = [];
  const cluster = withSends(place, (send, record) => {
    partitions.push(new Set(record.messages.map(({ partition }) => partition)).size);
    return send(record);
  });
  await using publisher = newDelivery({ ...place, cluster });
  await publisher.open();
  for (let from = 0; from < 20_000; from += 1000) {
    await publisher.publish(batchOf(place, from, from + 1000), NEVER);
  }
  assertEquals(new Set(partitions), new Set([1]));
  await assertNumbers(place, 20_000);
});

// kafkajs resolves a send without an answer if a partition has moved meanwhile (kafkajs issue
// 1303).
Deno.test("kafkajs may resolve an unanswered send; the publisher does not", async () => {
  const place = await spread();
  let sends = 0;
  const cluster = withSends(
    place,
    (send, record) => ++sends === 3 ? Promise.resolve([]) : send(record),
  );
  await using publisher = newDelivery({ ...place, cluster });
  await publisher.open();
  await publisher.publish(batchOf(place, 0, 600), NEVER);
  assertEquals([publisher.counts.aborted, publisher.counts.restarts], [1, 1]);
  await assertNumbers(place, 600);

  const chunks = chunksOf(
    batchOf(place, 0, 1).records,
    () => ({ partitions: 6, maxBytes: 1e6 }),
  );
  for (const answers of [[], [{ topicName: place.topic, partition: 7, errorCode: 0 }]]) {
    const sender = { send: () => Promise.resolve(answers) };
    await assertRejects(
      () =>
        sendChunks(sender, chunks, {
          compression: "none",
          onThrottle: () => {},
          inTransaction: true,
        }),
      Error,
      "did not acknowledge",
    );
  }
});

// kafkajs asks the partitioner again at each retry, and a record without a key moves.
Deno.test("kafkajs moves keyless records at a retry; the publisher does not", async () => {
  const place = await spread();
  const sent: (number | undefined)[][] = [];
  let isBroken = true;
  const cluster = withSends(place, async (send, record) => {
    sent.push(record.messages.map(({ partition }) => partition));
    const answers = await send(record);
    if (isBroken) {
      isBroken = false;
      throw new Error("Broker not connected");
    }
    return answers;
  });
  await using publisher = newDelivery({ ...place, cluster });
  await publisher.open();
  const { records, ...progress } = batchOf(place, 0, 300);
  const keyless = records.map((record) => ({ ...record, key: null }));
  await publisher.publish({ ...progress, records: keyless }, NEVER);
  const [first, second] = sent;
  assert(first!.every((partition) => partition !== undefined));
  assertEquals(second, first);
  await assertNumbers(place, 300);
});

// kafkajs's producer never recovers from being fenced, from a wrong sequence, or a failed abort.
Deno.test("kafkajs's producer stays broken after errors; the publisher's does not", async () => {
  const place = await spread();
  await using publisher = newDelivery(place);
  await publisher.open();
  await publisher.publish(batchOf(place, 0, 100), NEVER);
  const intruder = place.cluster.producing.producer({
    transactionalId: place.group,
    idempotent: true,
  });
  await intruder.connect();
  await (await intruder.transaction()).abort();
  await intruder.disconnect();
  for (let from = 100; from < 300; from += 100) {
    await publisher.publish(batchOf(place, from, from + 100), NEVER);
  }
  assertEquals(publisher.counts.restarts, 1);
  await assertNumbers(place, 300);
});

// kafkajs commits a transaction in which a send has failed, with what the others have sent.
Deno.test("kafkajs commits after a failed send; the publisher does not", async () => {
  const place = await spread();
  let sends = 0;
  let commits = 0;
  const cluster = withTransactions(
    withSends(
      place,
      (send, record) =>
        ++sends === 4 ? Promise.reject(new Error("Broker not connected")) : send(record),
    ),
    (transaction) => {
      const commit = transaction.commit.bind(transaction);
      transaction.commit = () => (commits++, commit());
      return transaction;
    },
  );
  await using publisher = newDelivery({ ...place, cluster });
  await publisher.open();
  await publisher.publish(batchOf(place, 0, 600), NEVER);
  assertEquals([publisher.counts.aborted, commits], [1, 1]);
  assertEquals(sends, 12, "all six sends of the first attempt had an outcome before the second");
  await assertNumbers(place, 600);
});

// kafkajs copies all previous records of a partition for each further one: half a million copies
// for 1,000.
Deno.test("kafkajs groups records in quadratic time; the publisher does not", () => {
  const require = createRequire(import.meta.url);
  const inForce = require("kafkajs/src/producer/groupMessagesPerPartition.js");
  assertEquals(inForce === groupByPartition, true);
  assert(visitsOf(groupByPartition, 1000) <= 2000);
  assert(visitsOf(original, 1000) > 100_000, "mended: the replacement can go");
});

/**
 * Counts visits of list elements while `count` messages of one partition are grouped.
 */
function visitsOf(group: typeof groupByPartition, count: number): number {
  const messages = Array.from({ length: count }, () => ({ value: null, partition: 3 }));
  const partitionMetadata = [{}] as Parameters<typeof group>[0]["partitionMetadata"];
  const iterate = Array.prototype[Symbol.iterator];
  let visits = 0;
  Array.prototype[Symbol.iterator] = function* (this: unknown[]) {
    for (let i = 0; i < this.length; i++, visits++) yield this[i];
  } as typeof iterate;
  try {
    group({ topic: "topic", partitionMetadata, messages, partitioner: () => 3 });
  } finally {
    Array.prototype[Symbol.iterator] = iterate;
  }
  return visits;
}
