import { assertEquals } from "@std/assert";
import { batchOf, NEVER, newDelivery, newPlace } from "../../support/kafka/delivery.ts";
import { ownKafka } from "../../support/kafka/kafka.ts";
import { recordsOf } from "../../support/kafka/produce.ts";

const kafka = await ownKafka({ nodes: 3 });

Deno.test.afterAll(async () => await kafka[Symbol.asyncDispose]());

Deno.test({
  name: "Delivery opens, and publishes, right after any of three brokers has died",
  // A broker's process ends in the test, and a client that had to be left behind tries on.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const place = await newPlace(kafka.bootstrapServers, { replicationFactor: 3 });
    // One of them is in charge of the producer's name, another one of its position.
    for (const [run, id] of [1, 2, 3].entries()) {
      const from = 200 * run;
      await using publisher = newDelivery(place);
      await publisher.open();
      await publisher.publish(batchOf(place, from, from + 100), NEVER);
      await kafka.kill(id);
      await using next = newDelivery(place);
      assertEquals((await next.open())?.handled, from + 100);
      await next.publish(batchOf(place, from + 100, from + 200), NEVER);
      await kafka.start(id);
    }
    const records = await recordsOf(kafka.bootstrapServers, place.topic, 600);
    assertEquals(
      records.map(({ value }) => Number(value)).sort((a, b) => a - b),
      [...new Array(600).keys()],
    );
  },
});
