/** Rejected records that meet another limit: of dead letters, of compaction, of time, a quota. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { openCluster } from "../../../lib/kafka/client/cluster.ts";
import { savedPosition } from "../../../lib/kafka/publish/position/position_store.ts";
import {
  type Batch,
  PublishAborted,
  type Published,
} from "../../../lib/kafka/publish/publisher.ts";
import { changedLetter, deadLetter } from "../../../lib/produce/dead_letters.ts";
import { UserError } from "../../../lib/shared/error.ts";
import { alterConfig } from "../../support/kafka/alter_config.ts";
import {
  batchOf,
  changedBatch,
  NEVER,
  newDelivery,
  newPlace,
  type Place,
  withTransactions,
} from "../../support/kafka/delivery.ts";
import { testKafka } from "../../support/kafka/kafka.ts";
import { recordsOf } from "../../support/kafka/produce.ts";
import { makeTopic } from "../../support/kafka/topic.ts";
import { gatherLog } from "../../support/programs/logged.ts";

const kafka = await testKafka();
const HOUR = 3_600_000;

async function valuesIn(topic: string, count: number): Promise<string[]> {
  return (await recordsOf(kafka, topic, count)).map(({ value }) => value).sort();
}

Deno.test("Delivery gives a dead letter a timestamp that the broker accepts", async () => {
  const place = await newPlace(kafka);
  const letters = await makeTopic(kafka, { partitions: 1 });
  await using publisher = newDelivery(place, { topics: [place.topic, letters] });
  await publisher.open();
  const batch = batchOf(place, 0, 1);
  const rejected = { data: new Uint8Array([1, 2]), key: "x/0", offset: 5 };
  const ahead = Date.now() + 9 * HOUR;
  const letter = deadLetter(letters, rejected, "bad JSON", ahead);
  await publisher.publish({
    ...batch,
    records: [...batch.records, letter],
    replace: ({ record, reason, detail }) => changedLetter(record, reason, detail),
  }, NEVER);
  const [found] = await recordsOf(kafka, letters, 1);
  const timestamp = Number(found!.timestamp);
  assert(Math.abs(timestamp - Date.now() - HOUR) < 60_000, `${timestamp}, expected in 1 h`);
});

Deno.test("Delivery drops no dead letter that a compacted topic rejects", async () => {
  const place = await newPlace(kafka);
  const letters = await makeTopic(kafka, { configs: new Map([["cleanup.policy", "compact"]]) });
  await using publisher = newDelivery(place);
  await publisher.open();
  const batch = batchOf(place, 0, 1);
  const letter = deadLetter(
    letters,
    { data: new Uint8Array(9), key: "x/0", offset: 1 },
    "bad JSON",
  );
  const records = [...batch.records, letter];
  const replace = (one: Parameters<NonNullable<Batch["replace"]>>[0]) =>
    changedLetter(one.record, one.reason, one.detail);
  assertEquals(await publisher.publish({ ...batch, records, replace }, NEVER), "rejected");
  assertEquals((await savedPosition(place.cluster, place))?.handled, undefined);
});

Deno.test("Delivery.open() rejects a compacted topic for records without a key", async () => {
  const place = await newPlace(kafka, { configs: new Map([["cleanup.policy", "compact,delete"]]) });
  await using publisher = newDelivery(place, { keylessTopics: [place.topic] });
  const error = await assertRejects(
    () => publisher.open(),
    UserError,
    `Cannot publish records without a key to the topic '${place.topic}': its cleanup.policy is 'compact,delete', expected 'delete'`,
  );
  assertStringIncludes(error.hint!, "--key");
});

for (const moment of ["abort", "send"] as const) {
  Deno.test(`Delivery stops if it is closed while it narrows a batch: ${moment}`, async () => {
    using log = gatherLog();
    const place = await newPlace(kafka, {
      configs: new Map([["message.timestamp.before.max.ms", String(HOUR)]]),
    });
    let closing: Promise<void> | undefined;
    let transactions = 0;
    const close = () => closing ??= publisher.close();
    const cluster = withTransactions(place.cluster, (transaction) => {
      transactions++;
      const { abort, send } = transaction;
      if (moment === "abort" && transactions > 1) {
        transaction.abort = async () => {
          await abort.call(transaction);
          close();
        };
      }
      if (moment === "send") {
        transaction.send = (records) => {
          close();
          return send.call(transaction, records);
        };
      }
      return transaction;
    });
    const publisher = newDelivery({ ...place, cluster });
    await publisher.open();
    const batch = changedBatch(
      batchOf(place, 0, 100),
      (index) => index === 5 ? { timestamp: 1 } : {},
    );
    const begun = transactions;
    await assertRejects(() => publisher.publish(batch, NEVER), PublishAborted);
    await closing;
    assertEquals(transactions - begun, 1, "no attempt after the close");
    assertEquals(log.lines.filter((line) => !line.startsWith("debug")), []);
  });
}

async function withQuota(
  bytesPerSecond: number,
  work: (publisher: ReturnType<typeof newDelivery>, place: Place) => Promise<void>,
): Promise<void> {
  const clientId = `quota-${crypto.randomUUID()}`;
  const entity = ["clients", clientId] as const;
  await alterConfig(kafka, { entity, add: `producer_byte_rate=${bytesPerSecond}` });
  try {
    const place = await newPlace(kafka);
    const cluster = openCluster({ brokers: [kafka], clientId });
    await using publisher = newDelivery({ ...place, cluster });
    await publisher.open();
    await work(publisher, place);
  } finally {
    await alterConfig(kafka, { entity, remove: "producer_byte_rate" });
  }
}

Deno.test("Delivery makes progress within a quota of 20 KB/s", async () => {
  using log = gatherLog();
  await withQuota(20_480, async (publisher, place) => {
    const value = "x".repeat(1000);
    // 1 MB, which takes 50 s; a transaction may stay open for 30 s.
    let batch = changedBatch(batchOf(place, 0, 1000), (index) => ({ value: `${index} ${value}` }));
    const cuts = Array.from({ length: 100 }, (_, index) => {
      const count = 10 * (index + 1);
      return { count, bytes: 1000 * count, handled: count, position: { at: count } };
    });
    let done = 0;
    const sizes: number[] = [];
    while (done < 700) {
      const left = cuts.filter(({ count }) => count > done)
        .map((cut) => ({ ...cut, count: cut.count - done, bytes: cut.bytes - 1000 * done }));
      const published = await publisher.publish({ ...batch, cuts: left }, NEVER) as Published;
      done += published.count;
      sizes.push(published.count);
      batch = { ...batch, records: batch.records.slice(published.count) };
    }
    assertEquals(publisher.counts.restarts, 0);
    assert(publisher.counts.throttledUntil > 0);
    assert(sizes.at(-1)! < 100, sizes.join());
    assertEquals((await valuesIn(place.topic, done)).length, done);
  });
  const warnings = log.lines.filter((line) => line.startsWith("warning"));
  assertEquals(warnings.length, 1, warnings.join("\n"));
  assert(
    /^warning: Kafka delays this producer by .*: producer_byte_rate is reached; publishing in smaller/
      .test(warnings[0]!),
  );
});
