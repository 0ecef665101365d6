import { assert, assertEquals } from "@std/assert";
import { disconnect, openCluster } from "../../../lib/kafka/client/cluster.ts";
import { readTopic } from "../../../lib/kafka/consume/reader.ts";
import { ownKafka } from "../../support/kafka/kafka.ts";
import { makeTopic } from "../../support/kafka/topic.ts";
import { until } from "../../support/tools/until.ts";

const kafka = await ownKafka();
const cluster = openCluster({ brokers: [kafka.bootstrapServers] });

Deno.test.afterAll(async () => await kafka[Symbol.asyncDispose]());

// The broker starts before a test and may end in it, and an abandoned client retries for a while.
// The sanitizers report both as leaks.
const unsanitized = { sanitizeOps: false, sanitizeResources: false };

for (const group of [undefined, "readers"]) {
  const kind = group === undefined ? "a group of its own" : "a group that keeps its progress";
  Deno.test(
    `readTopic() continues after the broker was killed, in ${kind}`,
    unsanitized,
    async () => {
      const topic = await makeTopic(kafka.bootstrapServers, { partitions: 1 });
      await send(topic, 0, 500);
      const stop = new AbortController();
      const values: number[] = [];
      const reading = readTopic(cluster, {
        topic,
        from: "beginning",
        group,
        signal: stop.signal,
        handle: ({ records }) => {
          for (const { value } of records) {
            values.push(Number(new TextDecoder().decode(value ?? undefined)));
          }
        },
      });
      await until(() => values.length === 500);
      await kafka.kill(1);
      await kafka.start();
      await send(topic, 500, 1000);
      await until(() => values.includes(999));
      stop.abort();
      await reading;
      assertEquals(values, Array.from({ length: 1000 }, (_, index) => index));
    },
  );
}

Deno.test("readTopic() ends within seconds if the broker is unreachable", unsanitized, async () => {
  const topic = await makeTopic(kafka.bootstrapServers, { partitions: 1 });
  await send(topic, 0, 1);
  const stop = new AbortController();
  const { promise: first, resolve } = Promise.withResolvers<void>();
  const reading = readTopic(cluster, {
    topic,
    from: "beginning",
    signal: stop.signal,
    handle: () => resolve(),
  });
  await first;
  await kafka.kill(1);
  const started = performance.now();
  stop.abort();
  await reading;
  const ms = performance.now() - started;
  assert(ms < 10_000, `took ${ms} ms`);
});

/** Sends the numbers from `from` to below `to`. */
async function send(topic: string, from: number, to: number): Promise<void> {
  const producer = cluster.patient.producer();
  await producer.connect();
  const messages = Array.from({ length: to - from }, (_, index) => ({
    partition: 0,
    value: String(from + index),
  }));
  await producer.send({ topic, messages });
  await disconnect(producer);
}
