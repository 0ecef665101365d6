import { assert, assertEquals } from "@std/assert";
import { syntheticStreams } from "../../lib/replay/synthetic/log.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { eventsOf, recordsOf, serve, startProducer } from "../support/kafka/produce.ts";
import { makeTopic } from "../support/kafka/topic.ts";

const kafka = await testKafka();

const START = Date.UTC(2026, 0, 1);
const FROM_START = ["--since", String(START - 1000), "--payload", "event"];
const BOTH = "page-create,mediawiki.page_change.v1";
const log = syntheticStreams({ start: START, rate: 40, count: 5000, canaryEvery: 500 });
const events = eventsOf({
  ...log,
  topics: log.topics.filter(({ topic }) => !topic.endsWith("recentchange")),
});
const creations = events.filter(({ body }) => body.meta.stream === "mediawiki.page-create");

/** Returns the URL of both streams on a server of recentchange. */
const both = (url: string) => url.replace("recentchange", BOTH);

Deno.test("start publishes two streams exactly once, in order, over restarts", async () => {
  const topic = await makeTopic(kafka);
  await using upstream = serve(log, { faults: { cutEvery: 300 } });
  const url = both(upstream.url);
  const runs = [["--events-to-produce", "700"], [
    "--events-to-produce",
    String(events.length - 700),
  ]];
  for (const args of runs) {
    await using producer = startProducer({ kafka, topic, url, args: [...FROM_START, ...args] });
    const { code, stderr } = await producer.ended;
    assertEquals(code, 0, stderr);
  }
  assert(upstream.stats.cuts > 0);

  const records = await recordsOf(kafka, topic, events.length);
  assertEquals(records.map(({ value }) => value).sort(), events.map(({ text }) => text).sort());
  const isCanary = records.some(({ value }) => value.includes('"domain":"canary"'));
  assertEquals(isCanary, false);

  const places = new Map<string, number>();
  for (const { key, value, partition } of records) {
    const { meta, page, page_title } = JSON.parse(value);
    const title = (page?.page_title ?? page_title).replaceAll("_", " ");
    assertEquals(key, `${meta.domain}/${title}`);
    const place = `${meta.topic}|${key}|${partition}`;
    assert(meta.offset > (places.get(place) ?? -1), place);
    places.set(place, meta.offset);
  }
  const partitions = new Map(records.map(({ key, partition }) => [key, partition]));
  assert(records.every(({ key, partition }) => partitions.get(key) === partition));
});

Deno.test("start uses stream names as types in filters and topics", async () => {
  await using upstream = serve(log);
  const topic = await makeTopic(kafka);
  const name = `${topic}-mediawiki.page-create`;
  await makeTopic(kafka, { topic: name });
  await makeTopic(kafka, { topic: `${topic}-position` });
  await using producer = startProducer({
    kafka,
    topic: `${topic}-{type}`,
    url: both(upstream.url),
    args: [
      ...[...FROM_START, "--types", "page-create"],
      ...["--events-to-produce", String(creations.length)],
    ],
  });
  const { code, stderr } = await producer.ended;
  assertEquals(code, 0, stderr);
  const records = await recordsOf(kafka, name, creations.length);
  assertEquals(records.map(({ value }) => value).sort(), creations.map(({ text }) => text).sort());
});
