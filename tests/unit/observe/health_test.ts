import { assertEquals } from "@std/assert";
import { newPublisherCounts } from "../../../lib/kafka/publish/publisher.ts";
import { liveness, producerReadiness, storeReadiness } from "../../../lib/observe/health.ts";

const NOW = Date.UTC(2026, 0, 1);
const publisher = { ...newPublisherCounts(), connected: true };

function ready(more: Partial<Parameters<typeof producerReadiness>[0]>) {
  const { isHealthy, reasons } = producerReadiness({
    idleTimeout: 60_000,
    isStopping: false,
    now: NOW,
    counts: { publisher, handledAt: NOW - 60_000 },
    ...more,
  });
  assertEquals(isHealthy, reasons.length === 0);
  return reasons;
}

Deno.test("producerReadiness() needs Kafka and an event within the idle limit", () => {
  assertEquals(ready({}), []);
});

Deno.test("producerReadiness() returns each reason", () => {
  assertEquals(ready({ counts: { publisher, handledAt: undefined } }), [
    "No event has arrived yet",
  ]);
  assertEquals(ready({ now: NOW + 15_000 }), ["No event has arrived for 1m 15s, the limit is 1m"]);
  const away = { ...publisher, connected: false };
  assertEquals(ready({ counts: { publisher: away, handledAt: NOW } }), ["Kafka is not connected"]);
  assertEquals(ready({ counts: { publisher: undefined, handledAt: NOW } }), [
    "Kafka is not connected",
  ]);
  assertEquals(ready({ isStopping: true }), ["The program is stopping"]);
  assertEquals(
    ready({ counts: { publisher: away, handledAt: undefined }, isStopping: true }).length,
    3,
  );
});

Deno.test("storeReadiness() needs Kafka's answers and the database", () => {
  const well = { isKafkaConnected: true, isDatabaseAway: false };
  const reasons = (more: Partial<typeof well>, isStopping = false) =>
    storeReadiness({ snapshot: { ...well, ...more }, isStopping }).reasons;
  assertEquals(reasons({}), []);
  assertEquals(reasons({ isKafkaConnected: false }), ["Kafka is not connected"]);
  assertEquals(reasons({ isDatabaseAway: true }, true), [
    ...["The program is stopping", "The database is not connected"],
  ]);
});

Deno.test("liveness() fails if the loop has not run for 10 s", () => {
  assertEquals(liveness(0).isHealthy, true);
  assertEquals(liveness(10_000).isHealthy, true);
  assertEquals(liveness(12_000).reasons, ["The event loop has not responded for 12s"]);
});
