import { DatabaseSync } from "node:sqlite";
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { HEADER_BYTES, writeHeader } from "../../lib/avro/wire.ts";
import { disconnect, openCluster } from "../../lib/kafka/client/cluster.ts";
import { readTopic } from "../../lib/kafka/consume/reader.ts";
import { freePort } from "../../lib/local/process/ports.ts";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { testFolder } from "../support/tools/folder.ts";
import { testKafka, uniqueTopic } from "../support/kafka/kafka.ts";
import { recordsOf, serve, startProducer } from "../support/kafka/produce.ts";
import { runProgram, startProgram } from "../support/programs/program.ts";
import { noRegistry, registryDoor, testRegistry } from "../support/kafka/registry.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { loadParquet } from "../support/databases/parquet.ts";
import { testOpenSearch } from "../support/databases/opensearch.ts";
import { formatDatabase } from "../../lib/store/address.ts";
import { type Placed, verifyReport, writeRecords } from "../support/kafka/verify.ts";
import { UserError } from "../../lib/shared/error.ts";
import { needing } from "../support/tools/skip.ts";
import { until } from "../support/tools/until.ts";
import { avroPrograms, FROM_START, lines, log, START } from "../support/programs/avro_programs.ts";

const kafka = await testKafka();
const cluster = openCluster({ brokers: kafka.split(",") });
const registry = await testRegistry() ?? "";
const missing = await noRegistry();
const search = await testOpenSearch();
const { produce, published, consume } = avroPrograms(kafka, registry);

function registryTest(name: string, fn: () => Promise<void>): void {
  Deno.test(needing(missing, { name, fn }));
}

registryTest(
  "start --format avro equals --format json, also in a mixed topic",
  async () => {
    const [json, avro] = [await makeTopic(kafka), await makeTopic(kafka)];
    const args = [...FROM_START, "--events-to-produce", "200"];
    await published({ topic: json, args });
    await published({ topic: avro, registry, args });
    const wanted = (await recordsOf(kafka, json, 200)).map(({ value }) => value).sort();
    const all = await consume(avro, ["--max-messages", "200", "--output", "value"]);
    assertEquals(lines(all.stdout).sort(), wanted);

    await published({ topic: avro, args: [...args, "--name", uniqueTopic("json")] });
    const mixed = await consume(avro, ["--max-messages", "400", "--output", "json"]);
    const values = lines(mixed.stdout).map((line) => JSON.parse(line).value);
    assertEquals(values.sort(), [...wanted, ...wanted].sort());
    const shown = await consume(avro, ["--max-messages", "400", "--output", "line"]);
    assertEquals(
      lines(shown.stdout).every((line) => /^\d\d:\d\d:\d\d {2}[\w.]+ /.test(line)),
      true,
    );
  },
);

registryTest("store and dashboard read Avro as they read JSON", async () => {
  const topic = await makeTopic(kafka);
  const start = Date.now() - 60_000;
  await using upstream = serve(syntheticLog({ start, rate: 40, count: 1000 }));
  const args = ["--since", String(start - 1000), "--events-to-produce", "50"];
  await published({ topic, registry, url: upstream.url, args });
  await using folder = await testFolder();
  const at = ["--bootstrap-server", kafka, "--topic", topic, "--schema-registry", registry];
  const file = `${folder.path}/edits.db`;
  const directory = `${folder.path}/edits`;
  const index = search.database();
  for (const database of [`sqlite:${file}`, `parquet:${directory}`, formatDatabase(index)]) {
    const args = ["--database", database, "--max-messages", "50"];
    const stored = await runProgram("scripts/store.ts", [...at, ...args]);
    assertEquals(stored.code, 0, stored.stderr);
  }
  {
    using sqlite = new DatabaseSync(file);
    using parquet = await loadParquet(directory);
    using opensearch = await search.load(index);
    const [wanted, ...others] = [sqlite, parquet, opensearch].map((database) =>
      database.prepare("SELECT time_ms, change_id, title FROM edits ORDER BY record_offset").all()
    );
    assertEquals(wanted!.length, 50);
    assertEquals(others, [wanted, wanted]);
  }

  const port = freePort();
  await using page = startProgram("scripts/dashboard.ts", [...at, "--port", String(port)]);
  await page.untilOutput("\n");
  const signal = AbortSignal.timeout(20_000);
  const { body } = await fetch(`http://127.0.0.1:${port}/events`, { signal });
  let text = "";
  for await (const part of body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (/"title":".+"/.test(text)) break;
  }
  page.process.kill("SIGTERM");
  assertEquals((await page.ended).code, 0);
});

registryTest("verify compares Avro values as bytes, with the schema of the registry", async () => {
  const log = syntheticLog({ start: START, rate: 40, count: 1000, canaryEvery: 20 });
  await using upstream = serve(log);
  const { url } = upstream;
  const [topic, faulty] = [await makeTopic(kafka), await makeTopic(kafka)];
  await published({ topic, registry, url, args: [...FROM_START, "--events-to-produce", "300"] });
  const span = ["--since", String(START), "--until", String(START + 12_000)];
  const args = ["--stream-url", url, "--schema-registry", registry, ...span];
  const clean = await verifyReport(kafka, ["--topic", topic, ...args]);
  assertEquals(Object.values(clean.differences), [0, 0, 0, 0, 0, 0]);
  assert(clean.expected > 100);
  assertEquals(clean.found, clean.expected);

  const avro = ["--topic", faulty, ...args, "--ignore-position", "--format", "avro"];
  const { message } = await assertRejects(() => verifyReport(kafka, avro), UserError);
  assertStringIncludes(message, `'${faulty}-value' has no such schema in ${registry}`);
  // Registers the schema, and is not expected.
  const other = ["--types", "log", "--events-to-produce", "1"];
  await published({ topic: faulty, registry, url, args: [...FROM_START, ...other] });
  const records: Placed[] = [];
  await readTopic(cluster, {
    topic,
    from: "beginning",
    toEnd: true,
    handle: ({ partition, records: some }) => {
      for (const { key, value, timestamp } of some) {
        const text = new TextDecoder().decode(key!);
        const place = { partition, key: text, timestamp: Number(timestamp), headers: {} };
        records.push({ ...place, value: value!.slice() });
      }
    },
  });
  const [, changed] = records;
  (changed!.value as Uint8Array).set([1], HEADER_BYTES);
  await writeRecords(kafka, faulty, records.slice(1));
  const { differences, examples } = await verifyReport(kafka, avro);
  assertEquals(differences, {
    lost: 1,
    duplicated: 0,
    different: 1,
    outOfOrder: 0,
    wrongPartition: 0,
    foreign: 1,
  });
  assertEquals(examples.different[0]!.fields, ["value"]);
});

registryTest("consume without a registry logs once that Avro needs one", async () => {
  const topic = await makeTopic(kafka);
  await published({ topic, registry, args: [...FROM_START, "--events-to-produce", "20"] });
  const { code, stdout, stderr } = await consume(
    topic,
    ["--max-messages", "20", "--output", "line"],
    "",
  );
  assertEquals(code, 0);
  assertMatch(lines(stdout)[0]!, /\(Avro of schema \d+\)$/);
  assertEquals(stderr.match(/set --schema-registry/g)?.length, 1);
});

registryTest("consume prints values without a schema unchanged, and continues", async () => {
  const topic = await makeTopic(kafka, { partitions: 1 });
  const unknown = new Uint8Array(HEADER_BYTES + 1);
  writeHeader(unknown, 2_000_000_000);
  await send(topic, [unknown, new TextEncoder().encode("{}"), unknown]);
  const { code, stdout, stderr } = await consume(topic, [
    "--max-messages",
    "3",
    "--output",
    "line",
  ]);
  assertEquals(code, 0);
  const shown = lines(stdout).map((line) => line.slice("00:00:00  ".length));
  const none = "(Avro of schema 2000000000)";
  assertEquals(shown, [none, "{}", none]);
  assertEquals(stderr.match(/the registry has no schema 2000000000/g)?.length, 1);
});

registryTest(
  "consume ends with an error without the registry, and commits nothing",
  async () => {
    const topic = await makeTopic(kafka);
    await published({ topic, registry, args: [...FROM_START, "--events-to-produce", "5"] });
    await using door = registryDoor(registry, "user:secret");
    const args = ["--group", uniqueTopic("group"), "--max-messages", "5", "--output", "value"];
    const refused = await consume(topic, args, door.url);
    assertEquals([refused.code, refused.stdout], [1, ""]);
    assertMatch(refused.stderr, /^error: Cannot use the schema registry at \S+: HTTP 401$/m);
    door.isShut = true;
    const away = await consume(topic, args, door.url);
    assertEquals([away.code, away.stdout], [1, ""]);
    assertMatch(away.stderr, /^error: Cannot reach the schema registry at /m);
    assert(away.ms < 15_000, `${away.ms} ms`);
    assertEquals(lines((await consume(topic, args)).stdout).length, 5);
  },
);

registryTest("start explains a failure of the registry, and publishes nothing", async () => {
  const topic = await makeTopic(kafka);
  const args = [...FROM_START, "--events-to-produce", "5"];
  await using door = registryDoor(registry, "user:secret");
  const wrong = { SCHEMA_REGISTRY_AUTH: "user:wrong" };
  const refused = await produce({ topic, registry: door.url, args, env: wrong });
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.stderr, ": HTTP 401");
  assertEquals(refused.stderr.includes("wrong"), false);
  door.isShut = true;
  const away = await produce({ topic, registry: door.url, args });
  assertEquals(away.code, 1);
  assertMatch(away.stderr, /^error: Cannot reach the schema registry at /m);
  assert(away.ms < 15_000, `${away.ms} ms`);
  await using upstream = serve(log);
  const elsewhere = await produce({ topic, registry: upstream.url, args });
  assertMatch(elsewhere.stderr, /^error: Cannot use the schema registry at \S+: HTTP 404$/m);
  const none = await produce({ topic, args: ["--format", "avro"] });
  assertEquals(none.code, 2);
  assertStringIncludes(none.stderr, "Cannot use --format avro without --schema-registry");
  assertEquals(await recordsOf(kafka, topic, 0), []);

  door.isShut = false;
  const right = { SCHEMA_REGISTRY_AUTH: "user:secret" };
  await published({ topic, registry: door.url, args, env: right });
});

registryTest(
  "start continues without the registry, and waits for it at a new topic",
  async () => {
    const prefix = uniqueTopic("t");
    await makeTopic(kafka, { topic: `${prefix}-position` });
    const topics = ["edit", "log"].map((type) => `${prefix}-${type}`);
    for (const topic of topics) await makeTopic(kafka, { topic });
    await using slow = serve(log, { pace: "first-client" });
    await using door = registryDoor(registry);
    const options = { kafka, topic: `${prefix}-{type}`, url: slow.url, registry: door.url };
    const args = [...FROM_START, "--types", "*t,*g", "--shutdown-timeout", "1s"];
    {
      await using producer = startProducer({ ...options, args });
      await producer.untilLog("Publishing Avro");
      door.isShut = true;
      await producer.untilLog("retrying for 60 s");
      producer.process.kill("SIGTERM");
      const { code, stderr } = await producer.ended;
      assertEquals(code, 1, stderr);
      assertStringIncludes(stderr, "the position is not advanced");
    }
    door.isShut = false;
    await using again = startProducer({ ...options, args });
    const [edits] = topics;
    const count = async () => (await recordsOf(kafka, edits!, 0)).length;
    await until(count, (count) => count >= 20);
    door.isShut = true;
    const before = await count();
    // Topics that are known need no registry.
    await until(count, (count) => count >= before + 20);
    again.process.kill("SIGTERM");
    assertEquals((await again.ended).code, 0);
    const { stdout } = await consume(edits!, ["--max-messages", "40", "--output", "value"]);
    const ids = lines(stdout).map((line) => JSON.parse(line).id);
    assertEquals(new Set(ids).size, 40);
  },
);

async function send(topic: string, values: readonly Uint8Array[]): Promise<void> {
  const producer = cluster.quick.producer();
  await producer.connect();
  const messages = values.map((value) => ({ value: Buffer.from(value), partition: 0 }));
  await producer.send({ topic, messages });
  await disconnect(producer);
}
