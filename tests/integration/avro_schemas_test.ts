/** Schemas in a real registry: how they are registered, and how they change. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import avsc from "avsc";
import { avroSchema } from "../../lib/edits/message/avro.ts";
import { HEADER_BYTES } from "../../lib/avro/wire.ts";
import { parseField } from "../../lib/edits/message/fields.ts";
import { openCluster } from "../../lib/kafka/client/cluster.ts";
import { readTopic } from "../../lib/kafka/consume/reader.ts";
import { testKafka, uniqueTopic } from "../support/kafka/kafka.ts";
import { recordsOf, serve } from "../support/kafka/produce.ts";
import { noConfluent, readWithPython } from "../support/tools/python.ts";
import { noRegistry, subjectsOf, testRegistry } from "../support/kafka/registry.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { needing } from "../support/tools/skip.ts";
import { avroPrograms, FROM_START, lines, log } from "../support/programs/avro_programs.ts";

const kafka = await testKafka();
const cluster = openCluster({ brokers: kafka.split(",") });
const registry = await testRegistry() ?? "";
const missing = await noRegistry();
const missingClient = missing ?? await noConfluent();
const { produce, published, consume } = avroPrograms(kafka, registry);

function registryTest(name: string, fn: () => Promise<void>): void {
  Deno.test(needing(missing, { name, fn }));
}

function pythonTest(name: string, fn: () => Promise<void>): void {
  Deno.test(needing(missingClient, { name, fn }));
}

registryTest("start rejects an incompatible schema before it publishes anything", async () => {
  const topic = await makeTopic(kafka);
  const args = [...FROM_START, "--events-to-produce", "5", "--fields"];
  await published({ topic, registry, args: [...args, "title,wiki"] });
  const name = ["--name", uniqueTopic("other")];
  const refused = await produce({
    topic,
    registry,
    args: [...args, "title,namespace=wiki", ...name],
  });
  assertEquals(refused.code, 1);
  assertStringIncludes(
    refused.stderr,
    `error: Cannot register the schema of '${topic}-value': it is incompatible with earlier versions`,
  );
  assertEquals((await recordsOf(kafka, topic, 5)).length, 5);
});

const OLD = "title,wiki";
const NEW = "title,wiki,user";
const schemaOf = (fields: string) => avroSchema({ fields: fields.split(",").map(parseField) });

/** A topic with five records of before a field was added, and five of after that. */
async function evolvedTopic(): Promise<string> {
  const topic = await makeTopic(kafka);
  await using upstream = serve(log);
  const options = { topic, registry, url: upstream.url };
  const count = ["--events-to-produce", "5"];
  await published({ ...options, args: [...FROM_START, ...count, "--fields", OLD] });
  await published({ ...options, args: [...count, "--fields", NEW] });
  return topic;
}

registryTest("an added field breaks neither old readers nor new ones", async () => {
  const topic = await evolvedTopic();
  const values = await bytesOf(topic);
  assertEquals(new Set(values.map(schemaIdIn)).size, 2);
  for (const [reader, names] of [[OLD, 2], [NEW, 3]] as const) {
    const read = await Promise.all(values.map((value) => resolve(value, schemaOf(reader))));
    assertEquals(
      read.every((one) => Object.keys(one).length === names && one.title !== null),
      true,
    );
    const users = read.filter(({ user }) => typeof user === "string").length;
    assert(reader === OLD ? users === 0 : users > 0 && users <= 5, `${users} users`);
  }
  const { stdout } = await consume(topic, ["--max-messages", "10", "--output", "value"]);
  const names = lines(stdout).map((line) => Object.keys(JSON.parse(line)).join());
  assertEquals(names.sort(), [...Array(5).fill(OLD), ...Array(5).fill(NEW)]);
});

pythonTest("Confluent's deserializer reads what start --format avro wrote", async () => {
  const topic = await makeTopic(kafka);
  await published({ topic, registry, args: [...FROM_START, "--events-to-produce", "50"] });
  const python = await readWithPython({ kafka, registry, topic, count: 50 });
  const ours = lines((await consume(topic, ["--max-messages", "50", "--output", "value"])).stdout);
  const byId = (a: unknown, b: unknown) => (a as { id: number }).id - (b as { id: number }).id;
  assertEquals(python.sort(byId), ours.map((line) => JSON.parse(line)).sort(byId));
});

pythonTest(
  "Confluent's deserializer reads old and new records with both schemas",
  async () => {
    const topic = await evolvedTopic();
    for (const [reader, names] of [[OLD, 2], [NEW, 3]] as const) {
      const readerSchema = schemaOf(reader);
      const read = await readWithPython({ kafka, registry, topic, count: 10, readerSchema });
      assertEquals(read.map((one) => Object.keys(one).length), Array(10).fill(names));
    }
  },
);

registryTest("start registers a subject for each topic of a template, later too", async () => {
  const prefix = uniqueTopic("t");
  for (const wiki of ["position", "enwiki", "ruwiki"]) {
    await makeTopic(kafka, { topic: `${prefix}-${wiki}` });
  }
  await using upstream = serve(log);
  const some = { topic: `${prefix}-{wiki}`, registry, url: upstream.url };
  const count = [...FROM_START, "--events-to-produce", "20"];
  await published({ ...some, args: [...count, "--wiki", "enwiki"] });
  assertEquals(await subjectsOf(registry, prefix), [`${prefix}-enwiki-value`]);
  await published({ ...some, args: [...count, "--wiki", "*nwiki,ruw*"] });
  assertEquals(
    await subjectsOf(registry, prefix),
    ["enwiki", "position", "ruwiki"].map((wiki) => `${prefix}-${wiki}-value`),
  );
});

async function bytesOf(topic: string): Promise<Uint8Array[]> {
  const values: Uint8Array[] = [];
  await readTopic(cluster, {
    topic,
    from: "beginning",
    maxRecords: 10,
    signal: AbortSignal.timeout(20_000),
    handle: ({ records }) => void values.push(...records.map(({ value }) => value!.slice())),
  });
  return values;
}

/** A value as a reader of `schema` sees it, by Avro's own rules. */
async function resolve(value: Uint8Array, schema: string): Promise<Record<string, unknown>> {
  const answer = await fetch(`${registry}/schemas/ids/${schemaIdIn(value)}`);
  const writer = avsc.Type.forSchema(JSON.parse((await answer.json()).schema));
  const reader = avsc.Type.forSchema(JSON.parse(schema));
  const body = Buffer.from(value).subarray(HEADER_BYTES);
  return { ...reader.fromBuffer(body, reader.createResolver(writer)) };
}

const schemaIdIn = (value: Uint8Array) => new DataView(value.buffer, value.byteOffset).getInt32(1);
