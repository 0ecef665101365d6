import { assert, assertEquals, assertRejects } from "@std/assert";
import { freePort } from "../../../lib/local/process/ports.ts";
import { UserError } from "../../../lib/shared/error.ts";
import { withAdmin } from "../../../lib/kafka/admin/with_admin.ts";
import { type ClusterConfig, disconnect, openCluster } from "../../../lib/kafka/client/cluster.ts";
import { CompressionTypes } from "../../../lib/kafka/client/kafkajs.ts";
import { readTopic } from "../../../lib/kafka/consume/reader.ts";
import { testKafka } from "../../support/kafka/kafka.ts";
import { makeTopic } from "../../support/kafka/topic.ts";

const brokers = (await testKafka()).split(",");

Deno.test("records compressed with zstd and gzip are read back unchanged", async () => {
  const cluster = openCluster({ brokers });
  const topic = await makeTopic(brokers.join(), { partitions: 1 });
  const value = "Zürich 🦊 ".repeat(20_000);
  const producer = cluster.patient.producer();
  await producer.connect();
  for (const compression of [CompressionTypes.ZSTD, CompressionTypes.GZIP]) {
    await producer.send({ topic, compression, messages: [{ partition: 0, value }] });
  }
  await disconnect(producer);
  const values: string[] = [];
  await readTopic(cluster, {
    topic,
    from: "beginning",
    toEnd: true,
    handle: ({ records }) => {
      for (const { value } of records) values.push(new TextDecoder().decode(value ?? undefined));
    },
  });
  assertEquals(values, [value, value]);
});

Deno.test("a quick client names an address that refuses connections", async () => {
  const port = freePort();
  await assertFails({ brokers: [`127.0.0.1:${port}`] }, `no broker answers at 127.0.0.1:${port}`);
});

Deno.test("a quick client names an unknown host", async () => {
  await assertFails(
    { brokers: ["no-such-host.invalid:9092"] },
    "no-such-host.invalid:9092 cannot be resolved",
  );
});

Deno.test("a quick client finds the one broker that answers", async () => {
  const dead = Array.from({ length: 3 }, () => `127.0.0.1:${freePort()}`);
  const cluster = openCluster({ brokers: [...dead, ...brokers] });
  await withAdmin(cluster, { action: "list the topics" }, (admin) => admin.listTopics());
});

for (const tls of [undefined, {}]) {
  const kind = tls === undefined ? "in plain text" : "under TLS";
  Deno.test(`a quick client names a peer that is silent ${kind}`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepted: Deno.Conn[] = [];
    const accepting = (async () => {
      for await (const connection of listener) accepted.push(connection);
    })();
    const config = { brokers: [`127.0.0.1:${listener.addr.port}`], tls };
    await assertFails(config, `127.0.0.1:${listener.addr.port} does not answer in time`);
    accepted.forEach((connection) => connection.close());
    listener.close();
    await accepting;
  });
}

Deno.test("a quick client names a broker that does not use TLS", async () => {
  await assertFails({ brokers, tls: {} }, "does not use TLS");
});

Deno.test("a quick client names a listener without SASL", async () => {
  const sasl = { mechanism: "plain", username: "alice", password: "hunter2-secret" } as const;
  await assertFails({ brokers, sasl }, "does not use SASL");
});

async function assertFails(config: ClusterConfig, says: string): Promise<void> {
  const started = performance.now();
  const error = await assertRejects(
    () => withAdmin(openCluster(config), { action: "list" }, (admin) => admin.listTopics()),
    UserError,
    says,
  );
  const ms = performance.now() - started;
  assert(ms < 5000, `took ${ms} ms`);
  assertEquals(`${error.message} ${error.hint}`.includes("hunter2"), false);
}
