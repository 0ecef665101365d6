import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { UserError } from "../../lib/shared/error.ts";
import { withAdmin } from "../../lib/kafka/admin/with_admin.ts";
import { openCluster } from "../../lib/kafka/client/cluster.ts";
import { describeTopic } from "../../lib/kafka/admin/topics.ts";
import { startKafka } from "../../lib/local/kafka/start.ts";
import type { LocalKafka } from "../../lib/local/kafka/cluster.ts";
import { kafkaStatus, stopKafka } from "../../lib/local/kafka/status.ts";
import { isFree } from "../../lib/local/process/ports.ts";
import { probeBroker } from "../../lib/local/kafka/metadata_probe.ts";
import { commandLine } from "../../lib/local/process/process.ts";
import { testFolder } from "../support/tools/folder.ts";
import { makeTopic } from "../support/kafka/topic.ts";

Deno.test("startKafka() keeps the data after a restart, despite stale pids", async () => {
  await using folder = await testFolder();
  const first = await startKafka({ directory: folder.path, port: 0 });
  const topic = await makeTopic(first.bootstrapServers);
  await assertRejects(
    () => startKafka({ directory: folder.path, port: 0 }),
    UserError,
    `Cannot start Kafka: one runs in '${folder.path}' already, process ${first.nodes[0]?.pid}`,
  );
  assertEquals(await stopKafka(folder.path), 1);
  assertEquals((await first.ended).code, 143);

  // The pid belongs to another program by now: this one.
  await Deno.writeTextFile(`${folder.path}/node-1/pid`, String(Deno.pid));
  assertEquals((await kafkaStatus(folder.path))?.nodes[0]?.pid, undefined);
  assertEquals(await stopKafka(folder.path), 0);

  await using second = await startKafka({ directory: folder.path, port: 0 });
  assert(await hasTopic(second, topic));
  await assertRejects(
    () => startKafka({ directory: folder.path, nodes: 3, port: 0 }),
    UserError,
    "already",
  );
});

Deno.test("startKafka() deletes another cluster's data only with clean", async () => {
  await using folder = await testFolder();
  await using kafka = await startKafka({ directory: folder.path, port: 0 });
  const topic = await makeTopic(kafka.bootstrapServers);
  await kafka.stop();
  const refused = await assertRejects(
    () => startKafka({ directory: folder.path, nodes: 3, port: 0 }),
    UserError,
    `Cannot start a Kafka of 3 nodes: '${folder.path}' has the data of one node`,
  );
  assertEquals(
    refused.hint,
    "Continue with it: deno task kafka start; or delete it: deno task kafka start --nodes 3 --clean",
  );
  await using clean = await startKafka({ directory: folder.path, port: 0, clean: true });
  assertEquals(await hasTopic(clean, topic), false);
});

Deno.test("startKafka() rejects a folder with a comma in its path", async () => {
  await using folder = await testFolder();
  const directory = `${folder.path}/one,two`;
  await assertRejects(
    () => startKafka({ directory, port: 0 }),
    UserError,
    `Cannot keep Kafka's data in '${directory}': the path has a comma`,
  );
});

Deno.test("startKafka() of three nodes replicates, and continues with two", async () => {
  await using folder = await testFolder();
  await using kafka = await startKafka({ directory: folder.path, nodes: 3, port: 0, heap: 256 });
  for (const { port } of kafka.nodes) {
    assertEquals((await probeBroker(port))?.brokers.map(({ id }) => id).toSorted(), [1, 2, 3]);
  }
  await kafka.kill(3);
  assertEquals(kafka.nodes[2]?.pid, undefined);
  assertEquals(isFree(kafka.nodes[2]!.port), true);
  await kafka.start(3);
  const topic = await makeTopic(kafka.bootstrapServers, { replicationFactor: 3 });
  assert(await hasTopic(kafka, topic));
});

Deno.test("startKafka() names the setting that a broker rejects", async () => {
  await using folder = await testFolder();
  const error = await assertRejects(
    () =>
      startKafka({
        directory: folder.path,
        port: 0,
        extraConfig: () => ({ "num.network.threads": 0 }),
      }),
    UserError,
    "Cannot format Kafka's data folder: exit code 1",
  );
  assertStringIncludes(error.details.join("\n"), "num.network.threads");
});

Deno.test("startKafka() shows the log of a broker that dies at the start", async () => {
  await using folder = await testFolder();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const error = await assertRejects(
    () =>
      startKafka({
        directory: folder.path,
        port: 0,
        extraConfig: ({ port }) => ({
          "listeners": `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${taken.addr.port}`,
          "controller.quorum.voters": `1@127.0.0.1:${taken.addr.port}`,
        }),
      }),
    UserError,
    "Cannot start broker 1: it ended with exit code 1",
  );
  assertStringIncludes(error.details.join("\n"), `Socket server failed to bind to 127.0.0.1`);
  assertEquals((await kafkaStatus(folder.path))?.nodes[0]?.pid, undefined);
});

Deno.test("startKafka() names a port that is in use", async () => {
  await using folder = await testFolder();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await assertRejects(
    () => startKafka({ directory: folder.path, port: taken.addr.port }),
    UserError,
    `Cannot listen on port ${taken.addr.port}: it is in use, perhaps by another Kafka`,
  );
});

Deno.test("startKafka() gives up after its limit, and leaves nothing running", async () => {
  await using folder = await testFolder();
  await assertRejects(
    () => startKafka({ directory: folder.path, port: 0, startLimit: 1 }),
    UserError,
    "Cannot start broker 1: no answer after 0.001 s",
  );
  assertEquals((await kafkaStatus(folder.path))?.nodes[0]?.pid, undefined);
});

Deno.test("startKafka() stops when its signal is aborted", async () => {
  await using folder = await testFolder();
  await assertRejects(
    () => startKafka({ directory: folder.path, port: 0, signal: AbortSignal.timeout(1000) }),
    DOMException,
  );
  assertEquals(await stopKafka(folder.path), 0);
});

Deno.test("commandLine() returns undefined for an unused pid", async () => {
  assertEquals(await commandLine(2 ** 22 + 1), undefined);
});

async function hasTopic(kafka: LocalKafka, topic: string): Promise<boolean> {
  const cluster = openCluster({ brokers: kafka.bootstrapServers.split(",") });
  return await withAdmin(
    cluster,
    { action: "describe a topic" },
    async (admin) => await describeTopic(admin, topic) !== undefined,
  );
}
