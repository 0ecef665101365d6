import { assert, assertEquals, assertRejects } from "@std/assert";
import { RecordTransactions } from "../../../lib/kafka/publish/record_transactions.ts";
import type { Transaction } from "../../../lib/kafka/client/kafkajs.ts";
import { UserError } from "../../../lib/shared/error.ts";
import { batchOf, newPlace, withTransactions } from "../../support/kafka/delivery.ts";
import { testKafka3 } from "../../support/kafka/kafka.ts";
import { recordsOf } from "../../support/kafka/produce.ts";

const address = await testKafka3();

const connectionLost = () =>
  Object.assign(new Error("Connection lost"), { name: "KafkaJSConnectionError" });

async function numbersIn(topic: string, count: number): Promise<number[]> {
  const records = await recordsOf(address, topic, count);
  return records.map(({ value }) => Number(value)).sort((a, b) => a - b);
}

const upTo = (count: number) => [...new Array(count).keys()];

const FAULTS: Record<string, (transaction: Transaction) => Promise<void>> = {
  "the answer to a commit": async (transaction) => {
    await transaction.commit();
    throw connectionLost();
  },
  "a commit itself": () => Promise.reject(connectionLost()),
};

for (const [lost, commit] of Object.entries(FAULTS)) {
  Deno.test(`RecordTransactions publishes once if ${lost} is lost`, async () => {
    const place = await newPlace(address, { replicationFactor: 3 });
    let faults = 1;
    const cluster = withTransactions(place.cluster, (transaction) => ({
      ...transaction,
      commit: () => faults-- > 0 ? commit(transaction) : transaction.commit(),
    }));
    await using transactions = await RecordTransactions.open(cluster, place.group);
    for (const from of [0, 10, 20]) {
      await transactions.publish(batchOf(place, from, from + 10).records);
    }
    assert(faults < 0);
    assertEquals(await numbersIn(place.topic, 30), upTo(30));
  });
}

Deno.test("RecordTransactions does not retry permanent failures", async () => {
  const place = await newPlace(address, { replicationFactor: 3 });
  await using transactions = await RecordTransactions.open(place.cluster, place.group);
  await using other = await RecordTransactions.open(place.cluster, place.group);
  await transactions.publish(batchOf(place, 0, 10).records);
  await other.publish(batchOf(place, 10, 20).records);
  await assertRejects(() => transactions.publish(batchOf(place, 20, 30).records), UserError);
  assertEquals(await numbersIn(place.topic, 20), upTo(20));
});
