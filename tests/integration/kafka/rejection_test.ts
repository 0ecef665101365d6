import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { alterTopic } from "../../../lib/kafka/admin/topic_diff.ts";
import { withAdmin } from "../../../lib/kafka/admin/with_admin.ts";
import { savedPosition } from "../../../lib/kafka/publish/position/position_store.ts";
import { type Batch, type Published } from "../../../lib/kafka/publish/publisher.ts";
import { UserError } from "../../../lib/shared/error.ts";
import {
  batchOf,
  changedBatch,
  NEVER,
  newDelivery,
  newPlace,
  type Place,
} from "../../support/kafka/delivery.ts";
import { testKafka } from "../../support/kafka/kafka.ts";
import { recordsOf } from "../../support/kafka/produce.ts";
import { gatherLog } from "../../support/programs/logged.ts";

const kafka = await testKafka();
const HOUR = 3_600_000;

async function valuesIn(topic: string, count: number): Promise<string[]> {
  return (await recordsOf(kafka, topic, count)).map(({ value }) => value).sort();
}

const DELIVERIES = ["exactly-once", "at-least-once"] as const;

/** Changes one setting of a topic while it is in use. */
async function configure({ cluster, topic }: Place, what: string, wanted: string): Promise<void> {
  await withAdmin(
    cluster,
    { action: "alter the topic" },
    (admin) => alterTopic(admin, topic, [{ what, found: "", wanted, canAlter: true }]),
  );
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
      const batch = changedBatch(batchOf(place, 10, 510), change);
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
      assertEquals(published, { count: 500, rejected: [] });
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
    const batch = changedBatch(
      batchOf(place, 0, 1000),
      (index) => isOld(index) ? { timestamp: 1 } : {},
    );
    const published = await publisher.publish(batch, NEVER) as Published;
    assertEquals(published.rejected.length, 334);
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
    Deno.test(`Delivery rejects only the record that is ${what}: ${delivery}`, async () => {
      const place = await newPlace(kafka, {
        configs: new Map([["message.timestamp.before.max.ms", String(HOUR)]]),
      });
      await using publisher = newDelivery(place, { delivery });
      await publisher.open();
      const batch = { ...changedBatch(batchOf(place, 0, 1), () => change), reached: Date.now() };
      const published = await publisher.publish(batch, NEVER);
      assertEquals(published, { count: 1, rejected: [{ record: batch.records[0]!, reason }] });
    });
  }

  Deno.test(`Delivery gives up a last record that may be valid: ${delivery}`, async () => {
    const place = await newPlace(kafka, {
      configs: new Map([["message.timestamp.before.max.ms", String(HOUR)]]),
    });
    await using publisher = newDelivery(place, { delivery, lastBatchTimeout: 500 });
    await publisher.open();
    const batch = changedBatch(batchOf(place, 0, 1), () => ({ timestamp: Date.now() - 2 * HOUR }));
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
    const grown = changedBatch(batchOf(place, 0, 5), (index) => index === 1 ? old : {});
    const batch = { ...batchOf(place, 0, 2), records: grown.records.slice(0, 2) };
    assertEquals(await publisher.publish(batch, NEVER), "rejected");
    const published = await publisher.publish(grown, NEVER);
    const rejected = [{ record: grown.records[1]!, reason: "INVALID_TIMESTAMP" }];
    assertEquals(published, { count: 5, rejected });
    assertEquals(await valuesIn(place.topic, 4), ["0", "2", "3", "4"]);
  });
}
