import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { alterTopic } from "../../../lib/kafka/admin/topic_diff.ts";
import { withAdmin } from "../../../lib/kafka/admin/with_admin.ts";
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

const DELIVERIES = ["exactly-once", "at-least-once"] as const;

/** Changes one setting of a topic while it is in use. */
async function configure({ cluster, topic }: Place, what: string, wanted: string): Promise<void> {
  await withAdmin(
    cluster,
    { action: "alter the topic" },
    (admin) => alterTopic(admin, topic, [{ what, found: "", wanted, canAlter: true }]),
  );
}

/** A batch whose records are changed. */
function changed(batch: Batch, change: (index: number) => object): Batch {
  return { ...batch, records: batch.records.map((one, index) => ({ ...one, ...change(index) })) };
}

async function valuesIn(topic: string, count: number): Promise<string[]> {
  return (await recordsOf(kafka, topic, count)).map(({ value }) => value).sort();
}

const valuesOf = ({ records }: Batch) => records.map(({ value }) => String(value)).sort();

interface Condition {
  readonly name: string;
  readonly setting: string;
  /** While it holds, and after it. */
  readonly bad: string;
  readonly good: string;
  readonly change: (index: number) => object;
  readonly says: RegExp;
}

const conditions: readonly Condition[] = [
  {
    name: "the broker's clock is late",
    setting: "message.timestamp.after.max.ms",
    bad: String(HOUR),
    good: String(9 * HOUR),
    // One of them is years old, and alone in being accepted.
    change: (index) => ({ timestamp: index === 7 ? 1e12 : Date.now() + 2 * HOUR }),
    says: /their timestamps are .* the broker's clock 20.*Z, this machine's clock 20/,
  },
  {
    name: "all records are too old",
    setting: "message.timestamp.before.max.ms",
    bad: String(HOUR),
    good: String(9 * HOUR),
    change: () => ({ timestamp: Date.now() - 2 * HOUR }),
    says: /expected at least 20.* \(message.timestamp.before.max.ms\)/,
  },
  {
    name: "a topic without keys becomes compacted",
    setting: "cleanup.policy",
    bad: "compact",
    good: "delete",
    change: () => ({ key: null }),
    says: /Compacted topic cannot accept message without key/,
  },
  {
    name: "all records are too large",
    setting: "max.message.bytes",
    bad: "1000",
    good: "1000000",
    change: (index) => ({ value: String(index).padEnd(2000, "x") }),
    says: /every record is larger than the topic's max.message.bytes/,
  },
];

for (const delivery of DELIVERIES) {
  for (const { name, setting, bad, good, change, says } of conditions) {
    Deno.test(`Delivery waits while ${name}: ${delivery}`, async () => {
      using log = gatherLog();
      const place = await newPlace(kafka);
      await using publisher = newDelivery(place, { delivery });
      await publisher.open();
      await publisher.publish(batchOf(place, 0, 10), NEVER);
      await configure(place, setting, bad);
      const batch = changed(batchOf(place, 10, 510), change);
      const replace = () => {
        throw new Error("Nothing is to become a dead letter");
      };
      for (let attempt = 0; attempt < 3; attempt++) {
        assertEquals(await publisher.publish({ ...batch, replace }, NEVER), "rejected");
      }
      const { aborted, rejecting, restarts } = publisher.counts;
      assertEquals([rejecting, restarts], [true, 0]);
      assert(aborted < 50, `${aborted} aborted`);
      await configure(place, setting, good);
      let published: Published | "rejected" = "rejected";
      while (published === "rejected") published = await publisher.publish(batch, NEVER);
      assertEquals(published, { count: 500, refused: [] });
      assertEquals(publisher.counts.rejecting, false);
      const values = [...valuesOf(batchOf(place, 0, 10)), ...valuesOf(batch)].sort();
      assertEquals(await valuesIn(place.topic, 510), values);
      const warnings = log.lines.filter((line) => line.startsWith("warning"));
      assertEquals(warnings.length, 1, warnings.join("\n"));
      assertStringIncludes(warnings[0]!, `to the topic '${place.topic}'`);
      assert(says.test(warnings[0]!), warnings[0]);
    });
  }
}

for (const delivery of DELIVERIES) {
  Deno.test(`Delivery finds many rejected records at once: ${delivery}`, async () => {
    const place = await newPlace(kafka, {
      configs: new Map([["message.timestamp.before.max.ms", String(HOUR)]]),
    });
    await using publisher = newDelivery(place, { delivery });
    await publisher.open();
    const isOld = (index: number) => index % 3 === 0;
    const batch = changed(batchOf(place, 0, 1000), (index) => isOld(index) ? { timestamp: 1 } : {});
    const published = await publisher.publish(batch, NEVER) as Published;
    assertEquals(published.refused.length, 334);
    assertEquals(publisher.counts.aborted, 1);
    const values = batch.records.filter((_, index) => !isOld(index)).map(({ value }) =>
      String(value)
    );
    assertEquals(await valuesIn(place.topic, 666), values.sort());
  });
}

const alone: readonly (readonly [string, string, object])[] = [
  ["too large", "MESSAGE_TOO_LARGE", { value: "x".repeat(1_100_000) }],
  ["years old", "INVALID_TIMESTAMP", { timestamp: 1e12 }],
];

for (const delivery of DELIVERIES) {
  for (const [what, reason, change] of alone) {
    Deno.test(`Delivery rejects a record alone that is ${what}: ${delivery}`, async () => {
      const place = await newPlace(kafka, {
        configs: new Map([["message.timestamp.before.max.ms", String(HOUR)]]),
      });
      await using publisher = newDelivery(place, { delivery });
      await publisher.open();
      const batch = { ...changed(batchOf(place, 0, 1), () => change), reached: Date.now() };
      const published = await publisher.publish(batch, NEVER);
      assertEquals(published, { count: 1, refused: [{ record: batch.records[0]!, reason }] });
    });
  }

  Deno.test(`Delivery gives up a last record that may be right: ${delivery}`, async () => {
    const place = await newPlace(kafka, {
      configs: new Map([["message.timestamp.before.max.ms", String(HOUR)]]),
    });
    await using publisher = newDelivery(place, { delivery, lastBatchTimeout: 500 });
    await publisher.open();
    const batch = changed(batchOf(place, 0, 1), () => ({ timestamp: Date.now() - 2 * HOUR }));
    assertEquals(await publisher.publish(batch, NEVER), "rejected", "more may follow");
    const last = { ...batch, isLast: true, reached: Date.now() };
    const error = await assertRejects(async () => {
      while (await publisher.publish(last, NEVER) === "rejected");
    }, UserError);
    assert(
      /expected at least .*; the position is not advanced$/.test(error.message),
      error.message,
    );
    assertEquals((await savedPosition(place.cluster, place))?.handled, undefined);
  });

  Deno.test(`Delivery judges a rejected record by those that follow: ${delivery}`, async () => {
    const place = await newPlace(kafka, {
      configs: new Map([["message.timestamp.before.max.ms", String(HOUR)]]),
    });
    await using publisher = newDelivery(place, { delivery });
    await publisher.open();
    const old = { timestamp: Date.now() - 2 * HOUR };
    const grown = changed(batchOf(place, 0, 5), (index) => index === 1 ? old : {});
    const batch = { ...batchOf(place, 0, 2), records: grown.records.slice(0, 2) };
    assertEquals(await publisher.publish(batch, NEVER), "rejected");
    const published = await publisher.publish(grown, NEVER);
    const refused = [{ record: grown.records[1]!, reason: "INVALID_TIMESTAMP" }];
    assertEquals(published, { count: 5, refused });
    assertEquals(await valuesIn(place.topic, 4), ["0", "2", "3", "4"]);
  });
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

Deno.test("Delivery keeps a dead letter that a compacted topic rejects", async () => {
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

Deno.test("Delivery.open() refuses a compacted topic for records without a key", async () => {
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
  Deno.test(`Delivery that is closed while it narrows a batch stops: ${moment}`, async () => {
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
    const batch = changed(batchOf(place, 0, 100), (index) => index === 5 ? { timestamp: 1 } : {});
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
    let batch = changed(batchOf(place, 0, 1000), (index) => ({ value: `${index} ${value}` }));
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
