import { assertEquals } from "@std/assert";
import { openCluster } from "../../../lib/kafka/client/cluster.ts";
import { type Observed, play } from "../../simulation/compare/script.ts";
import { ownKafka } from "../../support/kafka/kafka.ts";
import { recordsOf } from "../../support/kafka/produce.ts";
import { deleteTopic, makeTopic } from "../../support/kafka/topic.ts";

const kafka = await ownKafka({
  // The interval at which Kafka looks for overdue transactions, 10 s by default.
  extraConfig: () => ({ "transaction.abort.timed.out.transaction.cleanup.interval.ms": 200 }),
});

Deno.test.afterAll(async () => await kafka[Symbol.asyncDispose]());

/** The numbers of values that the script commits before and after it creates the topic again. */
const COMMITTED = [5, 1];

function playOnModel(): Promise<Observed> {
  const file = new URL("../../simulation/compare/model.ts", import.meta.url);
  const worker = new Worker(file, { type: "module" });
  return new Promise<Observed>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage("play");
  }).finally(() => worker.terminate());
}

Deno.test("SimulatedKafka answers as Kafka does, request by request", async () => {
  const address = kafka.bootstrapServers;
  const topic = await makeTopic(address, { partitions: 2 });
  const committed = [...COMMITTED];
  const real = await play({
    kafka: openCluster({ brokers: [address] }).producing,
    topic,
    overdueMs: 4000,
    recreate: async () => {
      await deleteTopic(address, topic);
      await makeTopic(address, { topic, partitions: 2 });
    },
    committed: async () => {
      const records = await recordsOf(address, topic, committed.shift()!);
      return records.sort((a, b) => a.partition - b.partition).map(({ value }) => String(value));
    },
  });
  assertEquals(await playOnModel(), real);
});
