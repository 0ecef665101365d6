import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { savedPosition } from "../../../lib/kafka/publish/position/position_store.ts";
import { syntheticLog } from "../../../lib/replay/synthetic/log.ts";
import { sleep } from "../../../lib/shared/sleep.ts";
import {
  batchOf,
  NEVER,
  newDelivery,
  newPlace,
  withTransactions,
} from "../../support/kafka/delivery.ts";
import { ownKafka } from "../../support/kafka/kafka.ts";
import { eventsOf, recordsOf, serve, startProducer } from "../../support/kafka/produce.ts";
import { residentBytes } from "../../support/programs/process.ts";
import { until } from "../../support/tools/until.ts";

const kafka = await ownKafka({
  // The interval at which Kafka looks for overdue transactions, 10 s by default.
  extraConfig: () => ({ "transaction.abort.timed.out.transaction.cleanup.interval.ms": 200 }),
});
const address = kafka.bootstrapServers;

Deno.test.afterAll(async () => await kafka[Symbol.asyncDispose]());

// The broker starts before a test and may end in it, and an abandoned client retries for a while.
// The sanitizers report both as leaks.
const unsanitized = { sanitizeOps: false, sanitizeResources: false };

Deno.test("Delivery does not mistake a transaction timeout for a takeover", async () => {
  const place = await newPlace(address);
  // Opening uses transactions of its own; only those of batches count.
  let isOpen = false;
  let transactions = 0;
  const cluster = withTransactions(place.cluster, (transaction) => {
    const sendOffsets = transaction.sendOffsets.bind(transaction);
    transaction.sendOffsets = async (offsets) => {
      if (isOpen && ++transactions === 2) await sleep(3000);
      await sendOffsets(offsets);
    };
    return transaction;
  });
  await using publisher = newDelivery({ ...place, cluster }, { transactionTimeout: 1000 });
  await publisher.open();
  isOpen = true;
  for (let from = 0; from < 30; from += 10) {
    await publisher.publish(batchOf(place, from, from + 10), NEVER);
  }
  // On a busy machine another transaction may exceed its second by itself.
  assert(publisher.counts.restarts >= 1);
  assertEquals(publisher.counts.aborted, publisher.counts.restarts);
  const values = (await recordsOf(address, place.topic, 30)).map(({ value }) => Number(value));
  assertEquals(values.sort((a, b) => a - b), [...new Array(30).keys()]);
});

Deno.test(
  "start survives a missing broker: little memory, one line, no loss",
  unsanitized,
  async () => {
    const log = syntheticLog({ seed: 7, start: Date.now() - 4_000_000, rate: 50, count: 200_000 });
    const edits = eventsOf(log).filter(({ body }) => body.type === "edit");
    await using server = serve(log);
    const place = await newPlace(address);
    const args = ["--since", String(log.origin - 1000), "--batch-size", "500"];
    const options = { kafka: address, topic: place.topic, url: server.url, limit: 180_000 };
    await using producer = startProducer({ ...options, args });
    await until(async () => ((await savedPosition(place.cluster, place))?.handled ?? 0) > 1000);
    await kafka.kill(1);
    await producer.untilLog("; retrying");
    // The connection to the source is closed after half a minute.
    await until(() => server.stats.open, (open) => open === 0, 45_000);
    const memory = residentBytes(producer.process.pid) / 1e6;
    assert(memory < 400, `${memory} MB`);
    await kafka.start();
    await producer.untilLog("Publishing again after");
    const saved = () => savedPosition(place.cluster, place).catch(() => undefined);
    await until(saved, (saved) => (saved?.handled ?? 0) >= 200_000, 90_000);
    producer.process.kill("SIGTERM");
    const { code, stderr } = await producer.ended;
    assertEquals(code, 0, stderr);
    assertEquals(stderr.match(/; retrying/g)?.length, 1, stderr);
    const published = await recordsOf(address, place.topic, edits.length);
    assertEquals(published.length, edits.length);
    const ids = new Set(published.map(({ value }) => {
      const { domain, id } = JSON.parse(value);
      return `${domain} ${id}`;
    }));
    assertEquals(ids.size, edits.length);
  },
);

Deno.test("start saves its position even if the filter drops everything", async () => {
  const log = syntheticLog({ start: Date.now() - 400_000, rate: 10, count: 2000 });
  await using server = serve(log);
  const place = await newPlace(address);
  const args = ["--since", String(log.origin - 1000), "--wiki", "nosuchwiki"];
  await using producer = startProducer({
    kafka: address,
    topic: place.topic,
    url: server.url,
    args,
  });
  await until(async () => ((await savedPosition(place.cluster, place))?.handled ?? 0) >= 2000);
  producer.process.kill("SIGKILL");
  await producer.ended;
  const first = server.stats.events;
  await using second = startProducer({
    kafka: address,
    topic: place.topic,
    url: server.url,
    args,
  });
  await until(() => server.stats.events > first);
  second.process.kill("SIGTERM");
  const { code, stderr } = await second.ended;
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, "Published 0 records of 0 events");
  assert(server.stats.events - first < 200, "only the margin comes again");
});

Deno.test("start exits with 3 when another producer of its name takes over", async () => {
  const log = syntheticLog({ start: Date.now() - 4_000_000, rate: 40, count: 100_000 });
  const live = serve(log, { pace: "first-client", connectionsPerAddress: 10 });
  await using server = live;
  const place = await newPlace(address);
  const options = { kafka: address, topic: place.topic, url: server.url };
  const args = ["--since", String(log.origin - 1000)];
  await using first = startProducer({ ...options, args });
  await until(async () => ((await savedPosition(place.cluster, place))?.handled ?? 0) > 0);
  await using second = startProducer({ ...options, args });
  const { code, stderr } = await first.ended;
  assertEquals(code, 3, stderr);
  assertStringIncludes(stderr, `another producer named '${place.group}' took over`);
  const taken = (await savedPosition(place.cluster, place))!;
  await until(async () =>
    (await savedPosition(place.cluster, place))!.handled > taken.handled + 50
  );
  second.process.kill("SIGTERM");
  const other = await second.ended;
  assertEquals(other.code, 0, other.stderr);
  const ids = (await recordsOf(address, place.topic, 0)).map(({ value }) => JSON.parse(value).id);
  assertEquals(new Set(ids).size, ids.length);
});
