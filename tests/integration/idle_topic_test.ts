import { assert, assertEquals } from "@std/assert";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { eventsOf, produce, recordsOf, serve } from "../support/kafka/produce.ts";
import { makeTopic } from "../support/kafka/topic.ts";

const kafka = await testKafka();

// In a back-fill, all canaries of the idle data center arrive within the first seconds.
Deno.test("start loses nothing if it is cut while an idle topic is hours ahead", async () => {
  const count = 8000;
  const log = syntheticLog({
    seed: 3,
    start: Date.now() - 7 * 3_600_000,
    rate: 0.5,
    count,
    canaryEvery: 100,
    switchAt: 6000,
  });
  const edits = eventsOf(log).filter(({ body }) => body.type === "edit");
  await using server = serve(log, { seed: 3, faults: { cutEvery: 300 } });
  const topic = await makeTopic(kafka);
  await produce({
    kafka,
    topic,
    url: server.url,
    args: ["--since", String(log.origin - 1000), "--events-to-produce", String(edits.length)],
  });
  assert(server.stats.cuts > 10, `${server.stats.cuts} cuts`);
  const records = await recordsOf(kafka, topic, edits.length);
  const published = records.map(({ value }) => JSON.parse(value).id).sort((a, b) => a - b);
  assertEquals(published, edits.map(({ body }) => body.id).sort((a, b) => a - b));
});
