import { Buffer } from "node:buffer";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { withAdmin } from "../../../lib/kafka/admin/with_admin.ts";
import type { Admin } from "../../../lib/kafka/client/kafkajs.ts";
import { offsetCommitter } from "../../../lib/kafka/client/offsets.ts";
import { savedPosition } from "../../../lib/kafka/publish/position/position_store.ts";
import { TakenOver } from "../../../lib/kafka/publish/publisher.ts";
import { murmur2 } from "../../../lib/kafka/wire/murmur2.ts";
import { UserError } from "../../../lib/shared/error.ts";
import {
  batchOf,
  changedBatch,
  NEVER,
  newDelivery,
  newPlace,
  withAdmins,
  withTransactions,
} from "../../support/kafka/delivery.ts";
import { testKafka } from "../../support/kafka/kafka.ts";
import { recordsOf } from "../../support/kafka/produce.ts";
import { deleteTopic, makeTopic } from "../../support/kafka/topic.ts";
import { until } from "../../support/tools/until.ts";

const kafka = await testKafka();

/** Returns the numbers in a topic, in order, including duplicates. */
async function numbersIn(topic: string, count: number): Promise<number[]> {
  const records = await recordsOf(kafka, topic, count);
  return records.map(({ value }) => Number(value)).sort((a, b) => a - b);
}

const numbers = (count: number) => [...new Array(count).keys()];

for (const delivery of ["exactly-once", "at-least-once"] as const) {
  Deno.test(`Delivery publishes batches, and resumes at the position: ${delivery}`, async () => {
    const place = await newPlace(kafka);
    for (let run = 0; run < 3; run++) {
      await using publisher = newDelivery(place, { delivery });
      const saved = await publisher.open();
      assertEquals(saved?.handled ?? 0, 200 * run);
      assertEquals(saved?.position, run === 0 ? undefined : { at: 200 * run });
      for (const from of [200 * run, 200 * run + 100]) {
        assertEquals(await publisher.publish(batchOf(place, from, from + 100), NEVER), {
          count: 100,
          rejected: [],
        });
      }
    }
    assertEquals(await numbersIn(place.topic, 600), numbers(600));
  });
}

for (const delivery of ["exactly-once", "at-least-once"] as const) {
  Deno.test(`Delivery publishes records beside a rejected one once: ${delivery}`, async () => {
    const place = await newPlace(kafka, {
      configs: new Map([["message.timestamp.before.max.ms", "86400000"]]),
    });
    await using publisher = newDelivery(place, { delivery });
    await publisher.open();
    const batch = batchOf(place, 0, 1000);
    const records = batch.records.map((record, i) =>
      i === 500 ? { ...record, timestamp: 1 } : record
    );
    const published = await publisher.publish({ ...batch, records }, NEVER);
    const rejected = [{ record: records[500]!, reason: "INVALID_TIMESTAMP" }];
    assertEquals(published, { count: 1000, rejected });
    assertEquals(await numbersIn(place.topic, 999), numbers(1000).filter((i) => i !== 500));
    await publisher.publish(batchOf(place, 1000, 1001), NEVER);
    assertEquals((await numbersIn(place.topic, 1000)).length, 1000, "and nothing behind them");
  });
}

Deno.test("Delivery at least once saves the position within seconds, even idle", async () => {
  const place = await newPlace(kafka);
  await using publisher = newDelivery(place, { delivery: "at-least-once" });
  await publisher.open();
  for (let from = 0; from < 50; from += 10) {
    await publisher.publish(batchOf(place, from, from + 10), NEVER);
  }
  await until(async () => (await savedPosition(place.cluster, place))?.handled === 50);
});

Deno.test("Delivery stops when it is taken over, and does not fence back", async () => {
  const place = await newPlace(kafka);
  await using first = newDelivery(place);
  await first.open();
  await first.publish(batchOf(place, 0, 10), NEVER);
  await using second = newDelivery(place);
  assertEquals((await second.open())?.handled, 10);
  await second.publish({ ...batchOf(place, 10, 10) }, NEVER);
  const lost = first.publish(batchOf(place, 10, 20), NEVER);
  const error = await assertRejects(() => lost, TakenOver, `named '${place.group}' took over`);
  assertEquals(error.exitCode, 3);
  await second.publish(batchOf(place, 10, 30), NEVER);
  assertEquals(second.counts.restarts, 0);
  assertEquals(await numbersIn(place.topic, 30), numbers(30));
});

Deno.test("Delivery continues if the producer that took over died before a save", async () => {
  const place = await newPlace(kafka);
  await using first = newDelivery(place);
  await first.open();
  await first.publish(batchOf(place, 0, 10), NEVER);
  const second = newDelivery(place);
  await second.open();
  await second.close();
  await first.publish(batchOf(place, 10, 20), NEVER);
  assertEquals(first.counts.restarts, 1);
  assertEquals(await numbersIn(place.topic, 20), numbers(20));
});

Deno.test("Delivery stops as taken over if an older producer took its name", async () => {
  const place = await newPlace(kafka);
  await using older = newDelivery(place);
  await older.open();
  await older.publish(batchOf(place, 0, 10), NEVER);
  await using newer = newDelivery(place);
  await newer.open();
  await older.publish(batchOf(place, 10, 20), NEVER);
  const lost = newer.publish(batchOf(place, 10, 15), NEVER);
  const error = await assertRejects(() => lost, TakenOver, `named '${place.group}' took over`);
  assertEquals(error.exitCode, 3);
  assertEquals(await numbersIn(place.topic, 20), numbers(20));
});

Deno.test("Delivery stops as taken over after its topic was created again", async () => {
  const place = await newPlace(kafka);
  const earlier = newDelivery(place);
  await earlier.open();
  await earlier.publish(batchOf(place, 0, 5), NEVER);
  await earlier.close();
  await using first = newDelivery(place);
  await first.open();
  await first.publish(batchOf(place, 5, 10), NEVER);
  await deleteTopic(kafka, place.topic);
  await makeTopic(kafka, { topic: place.topic });
  await using second = newDelivery(place);
  assertEquals(await second.open(), undefined);
  await second.publish(batchOf(place, 0, 10), NEVER);
  await assertRejects(() => first.publish(batchOf(place, 10, 20), NEVER), TakenOver);
  await second.publish(batchOf(place, 10, 30), NEVER);
  assertEquals(await numbersIn(place.topic, 30), numbers(30));
});

for (const isCommitted of [true, false]) {
  const fate = isCommitted ? "happened" : "did not happen";
  Deno.test(`Delivery detects that a commit without an answer ${fate}`, async () => {
    const place = await newPlace(kafka);
    let commits = 0;
    const cluster = withTransactions(place.cluster, (transaction) => {
      const commit = transaction.commit.bind(transaction);
      transaction.commit = async () => {
        const isLost = ++commits === 2;
        if (!isLost || isCommitted) await commit();
        if (isLost) throw new Error("Broker not connected");
      };
      return transaction;
    });
    await using publisher = newDelivery({ ...place, cluster });
    await publisher.open();
    for (let from = 0; from < 400; from += 100) {
      await publisher.publish(batchOf(place, from, from + 100), NEVER);
    }
    assertEquals(publisher.counts, { ...publisher.counts, aborted: 1, restarts: 1, batches: 4 });
    assertEquals(await numbersIn(place.topic, 400), numbers(400));
  });
}

// A new coordinator may not know the last commits for a moment (seen on Kafka 4.1).
Deno.test("Delivery reads the position after writes, until two reads agree", async () => {
  const place = await newPlace(kafka);
  const calls: string[] = [];
  const watched = withTransactions(place.cluster, (transaction) => {
    const sendOffsets = transaction.sendOffsets.bind(transaction);
    transaction.sendOffsets = async (offsets) => {
      await sendOffsets(offsets);
      calls.push("write");
    };
    return transaction;
  });
  type Offsets = Awaited<ReturnType<Admin["fetchOffsets"]>>;
  let older: Offsets | undefined;
  const cluster = withAdmins(watched, (admin) => {
    const fetchOffsets = admin.fetchOffsets.bind(admin);
    admin.fetchOffsets = async (options) => {
      const newest = await fetchOffsets(options);
      calls.push("read");
      const answer = older ?? newest;
      older = undefined;
      return answer;
    };
    return admin;
  });
  {
    await using publisher = newDelivery({ ...place, cluster });
    await publisher.open();
    await publisher.publish(batchOf(place, 0, 10), NEVER);
    const admin = place.cluster.quick.admin();
    await admin.connect();
    older = await admin.fetchOffsets({ groupId: place.group, topics: [place.topic] });
    await admin.disconnect();
    await publisher.publish(batchOf(place, 10, 20), NEVER);
  }
  calls.length = 0;
  await using publisher = newDelivery({ ...place, cluster });
  assertEquals((await publisher.open())?.handled, 20);
  assertEquals(calls, ["write", "read", "write", "read", "write", "read"]);
});

Deno.test("Delivery fails if a position cannot be read", async (t) => {
  const forged: readonly (readonly [string, string])[] = [
    ["", "no position"],
    ["something of another program", "a position that cannot be read"],
    ['{"v":2,"wikitap":"position"}', "a position that cannot be read"],
  ];
  for (const [metadata, what] of forged) {
    await t.step(what, async () => {
      const place = await newPlace(kafka);
      const committer = offsetCommitter(place.cluster.quick);
      await committer.connect();
      const offset = { topic: place.topic, partition: 0, offset: "5", metadata };
      await committer.commit({ groupId: place.group, ...offset });
      await committer.disconnect();
      await using publisher = newDelivery(place);
      const error = await assertRejects(() => publisher.open(), UserError, what);
      assertStringIncludes(error.hint!, "--reset-position");
    });
  }
});

Deno.test("Delivery notices that its position was reset while it ran", async () => {
  const place = await newPlace(kafka);
  let isBroken = false;
  const cluster = withTransactions(place.cluster, (transaction) => {
    const send = transaction.send.bind(transaction);
    transaction.send = (records) =>
      isBroken ? Promise.reject(new Error("Broker not connected")) : send(records);
    return transaction;
  });
  await using publisher = newDelivery({ ...place, cluster });
  await publisher.open();
  await publisher.publish(batchOf(place, 0, 10), NEVER);
  await withAdmin(place.cluster, { action: "reset" }, (admin) => admin.deleteGroups([place.group]));
  isBroken = true;
  const error = await assertRejects(
    () => publisher.publish(batchOf(place, 10, 20), NEVER),
    UserError,
    "was changed by another program",
  );
  assert(error.hint !== undefined);
  assertEquals(await savedPosition(place.cluster, place), undefined);
});

for (const delivery of ["exactly-once", "at-least-once"] as const) {
  Deno.test(`Delivery continues in a topic created again, smaller: ${delivery}`, async () => {
    const place = await newPlace(kafka, { partitions: 3 });
    const { topic } = place;
    await using publisher = newDelivery(place, { delivery });
    await publisher.open();
    await publisher.publish(batchOf(place, 0, 10), NEVER);
    await deleteTopic(kafka, topic);
    await makeTopic(kafka, { topic, partitions: 1 });
    // This batch needs no partition that is gone, and saves the position, which is gone.
    const first = numbers(10).map((i) => Buffer.from(`key-${i}`)).find((key) =>
      murmur2(key) % 3 === 0
    );
    await publisher.publish(changedBatch(batchOf(place, 10, 11), () => ({ key: first })), NEVER);
    await publisher.publish(batchOf(place, 11, 30), NEVER);
    const found = await numbersIn(topic, 20);
    const edits = delivery === "at-least-once" ? [...new Set(found)] : found;
    assertEquals(edits, numbers(30).slice(10));
  });
}
