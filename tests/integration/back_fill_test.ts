import { clusterConfig } from "../../lib/cli/open/cluster_config.ts";
import { assert, assertEquals } from "@std/assert";
import { parseOptions } from "../../lib/cli/option.ts";
import { PRODUCER_GROUPS, producerPlan } from "../../lib/cli/options/producer_plan.ts";
import { runProducer } from "../../lib/cli/programs/produce/producer.ts";
import { openCluster } from "../../lib/kafka/client/cluster.ts";
import { readTopic } from "../../lib/kafka/consume/reader.ts";
import { serveEvents } from "../../lib/replay/service/server.ts";
import { records } from "../../lib/replay/log.ts";
import { EQIAD, syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { makeTopic } from "../support/kafka/topic.ts";

const kafka = await testKafka();
const HOUR = 3_600_000;
const decoder = new TextDecoder();

Deno.test("a back-fill of six hours becomes live without gaps or duplicates", async () => {
  const begin = Date.now();
  const log = syntheticLog({ start: begin - 7 * HOUR, rate: 4 });
  const eqiad = log.topics.find(({ topic }) => topic === EQIAD)!;
  const topic = await makeTopic(kafka);
  await using stack = new AsyncDisposableStack();
  // Cut sometimes, even while the idle topic's canaries are hours ahead.
  const server = serveEvents({ log, faults: { cutEvery: 5000 } });
  stack.defer(() => server.stop());
  const options = parseOptions(PRODUCER_GROUPS, [
    ...["--bootstrap-server", kafka, "--topic", topic, "--payload", "event"],
    ...["--stream-url", server.url, "--since", String(begin - 6 * HOUR)],
  ], () => undefined);
  const cluster = openCluster(clusterConfig(options));

  const stop = new AbortController();
  const producing = runProducer(producerPlan(options), cluster, stop.signal);
  const found: string[] = [];
  /** The last edit that was read, by partition, and whether it happened after the start. */
  const reached = new Map<number, { offset: number; isLive: boolean }>();
  const isLive = () => reached.size === 3 && [...reached.values()].every(({ isLive }) => isLive);
  const enough = new AbortController();
  const timer = setTimeout(() => enough.abort(), 60_000);
  await readTopic(cluster, {
    topic,
    from: "beginning",
    signal: enough.signal,
    handle: (batch) => {
      for (const { value, timestamp } of batch.records) {
        const { meta } = JSON.parse(decoder.decode(value!));
        found.push(`${meta.topic}/${meta.offset}`);
        // Some synthetic timestamps are years old, as upstream's are.
        const isLive = Number(timestamp) > begin || (reached.get(batch.partition)?.isLive ?? false);
        reached.set(batch.partition, { offset: meta.offset, isLive });
      }
      if (isLive()) enough.abort();
    },
  });
  clearTimeout(timer);
  stop.abort();
  await producing;

  assert(isLive(), "edits of after the start came, in every partition");
  assert(server.stats.cuts > 0, "the back-fill was cut");
  const offsets = new Set(found);
  assertEquals(offsets.size, found.length, "no edit came twice");
  // Partitions are read at different speeds, so the history is complete up to the slowest one.
  const complete = Math.min(...[...reached.values()].map(({ offset }) => offset));
  const from = eqiad.firstAt(begin - 6 * HOUR);
  for (const { offset, data } of records(eqiad, from, eqiad.firstDue(Date.now()))) {
    if (offset > complete) break;
    const { type } = JSON.parse(decoder.decode(data));
    if (type === "edit") assert(offsets.has(`${EQIAD}/${offset}`), `the edit ${offset} is there`);
  }
  assert(found.length > 6 * 3600 * 4 * 0.3, "six hours of edits are there");
});
