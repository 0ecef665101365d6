import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { UserError } from "../../../lib/shared/error.ts";
import { batchOf, NEVER, newDelivery, newPlace } from "../../support/kafka/delivery.ts";
import { ownKafka } from "../../support/kafka/kafka.ts";
import { recordsOf } from "../../support/kafka/produce.ts";

const kafka = await ownKafka({
  // Kafka's default, for three brokers.
  extraConfig: () => ({ "transaction.state.log.replication.factor": 3 }),
});

Deno.test.afterAll(async () => await kafka[Symbol.asyncDispose]());

Deno.test("Delivery names the setting of a broker without transactions", async () => {
  const place = await newPlace(kafka.bootstrapServers);
  await using publisher = newDelivery(place);
  const started = performance.now();
  const error = await assertRejects(() => publisher.open(), UserError);
  assertStringIncludes(error.hint!, "transaction.state.log.replication.factor");
  assertStringIncludes(error.hint!, "--delivery at-least-once");
  assertEquals(performance.now() - started < 20_000, true);
});

Deno.test("Delivery at least once works on a broker without transactions", async () => {
  const place = await newPlace(kafka.bootstrapServers);
  for (const from of [0, 100]) {
    await using publisher = newDelivery(place, { delivery: "at-least-once" });
    assertEquals((await publisher.open())?.handled ?? 0, from);
    await publisher.publish(batchOf(place, from, from + 100), NEVER);
  }
  assertEquals((await recordsOf(kafka.bootstrapServers, place.topic, 200)).length, 200);
});
