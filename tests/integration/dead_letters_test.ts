import { clusterConfig } from "../../lib/cli/open/cluster_config.ts";
import { assert, assertEquals } from "@std/assert";
import { parseOptions } from "../../lib/cli/option.ts";
import { PRODUCER_GROUPS, producerPlan } from "../../lib/cli/options/producer_plan.ts";
import { runProducer } from "../../lib/cli/programs/produce/producer.ts";
import { withAdmin } from "../../lib/kafka/admin/with_admin.ts";
import { openCluster } from "../../lib/kafka/client/cluster.ts";
import type { ReadOptions, ReadRecord } from "../../lib/kafka/consume/read_options.ts";
import { readTopic } from "../../lib/kafka/consume/reader.ts";
import { createTopics } from "../../lib/kafka/admin/topics.ts";
import { withGarbage } from "../../lib/replay/service/faults.ts";
import { type EventLog, records } from "../../lib/replay/log.ts";
import { serveEvents } from "../../lib/replay/service/server.ts";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { testKafka, uniqueTopic } from "../support/kafka/kafka.ts";

const kafka = await testKafka();
const START = Date.now() - 3_600_000;

/** Produces `count` records of a log, with dead letters. Returns the records of both topics. */
async function produce(
  log: EventLog,
  { configs, args, count }: { configs: [string, string][]; args: string[]; count: number },
): Promise<{ topic: ReadRecord[]; letters: ReadRecord[] }> {
  const [topic, letters] = [uniqueTopic(), uniqueTopic("letters")];
  await using stack = new AsyncDisposableStack();
  const server = serveEvents({ log, pace: "at-once" });
  stack.defer(() => server.stop());
  const options = parseOptions(PRODUCER_GROUPS, [
    ...["--bootstrap-server", kafka, "--topic", topic, "--dead-letter-topic", letters],
    ...["--stream-url", server.url, "--since", String(START - 60_000)],
    ...["--events-to-produce", String(count), ...args],
  ], () => undefined);
  const cluster = openCluster(clusterConfig(options));
  await withAdmin(cluster, { action: "make topics" }, (admin) =>
    createTopics(admin, [
      { topic, partitions: 3, replicationFactor: 1, configs: new Map(configs) },
      { topic: letters, partitions: 1, replicationFactor: 1 },
    ]));
  await runProducer(producerPlan(options), cluster, new AbortController().signal);
  const read = async (topic: string, end: Partial<ReadOptions>) => {
    const found: ReadRecord[] = [];
    await readTopic(cluster, {
      topic,
      from: "beginning",
      signal: AbortSignal.timeout(20_000),
      ...end,
      handle: ({ records }) => void found.push(...records.map(copyOf)),
    });
    return found;
  };
  // A commit is acknowledged before all partitions show it: the topic's end follows a moment later.
  return {
    topic: await read(topic, { maxRecords: count }),
    letters: await read(letters, { toEnd: true }),
  };
}

/** A copy that outlives the fetch. */
const copyOf = ({ key, value, timestamp, offset, headers }: ReadRecord): ReadRecord =>
  structuredClone({ key, value, timestamp, offset, headers: headers ?? {} });

const header = ({ headers }: ReadRecord, name: string) =>
  headers?.[name] === undefined ? undefined : new TextDecoder().decode(headers[name] as Uint8Array);

Deno.test("an unreadable event becomes a dead letter, byte for byte", async () => {
  const log = withGarbage(syntheticLog({ start: START, rate: 100, count: 2000 }), {
    seed: 1,
    every: 50,
  });
  const { topic, letters } = await produce(log, { configs: [], args: [], count: 500 });
  assertEquals(topic.length, 500);
  assert(letters.length > 5);
  const bytes = (data: Uint8Array) => new TextDecoder().decode(data);
  const served = new Set(
    log.topics.flatMap((one) => [...records(one)].map(({ data }) => bytes(data))),
  );
  for (const letter of letters) {
    assertEquals(header(letter, "wikitap.reason"), "bad JSON");
    assertEquals(header(letter, "wikitap.topic"), "eqiad.mediawiki.recentchange");
    assertEquals(header(letter, "wikitap.partition"), "0");
    assert(served.has(bytes(letter.value!)), "the value is what upstream sent");
  }
});

Deno.test("records too large for the topic become dead letters alone", async () => {
  const log = syntheticLog({ start: START, rate: 100, count: 3000 });
  const { topic, letters } = await produce(log, {
    configs: [["max.message.bytes", "2500"]],
    args: ["--payload", "event"],
    count: 800,
  });
  assertEquals(topic.length, 800);
  assert(topic.every(({ value }) => value!.length < 2500));
  assert(letters.length > 0, "some of the events are larger than that");
  for (const letter of letters) {
    assertEquals(header(letter, "wikitap.reason"), "MESSAGE_TOO_LARGE");
    assert(letter.value!.length > 2300);
    const { meta } = JSON.parse(new TextDecoder().decode(letter.value!));
    assertEquals(header(letter, "wikitap.offset"), String(meta.offset));
  }
});

Deno.test("records with a rejected timestamp become dead letters alone", async () => {
  const log = syntheticLog({ start: START, rate: 100, count: 5000 });
  const { topic, letters } = await produce(log, {
    configs: [["message.timestamp.before.max.ms", String(86_400_000)]],
    args: [],
    count: 1500,
  });
  assertEquals(topic.length, 1500);
  assert(letters.length > 0, "some of the events lie years back");
  assertEquals(
    new Set(letters.map((letter) => header(letter, "wikitap.reason"))),
    new Set(["INVALID_TIMESTAMP"]),
  );
});
