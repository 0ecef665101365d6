import RequestQueue from "kafkajs/src/network/requestQueue/index.js";
import { assertEquals } from "@std/assert";
import "../../../../lib/kafka/client/kafkajs.ts";

Deno.test("waitForPendingRequests() adds one listener for all waiters", async () => {
  const logger = { namespace: () => ({ debug() {} }) };
  const queue = new RequestQueue({ logger, isConnected: () => true, instrumentationEmitter: null });
  await queue.waitForPendingRequests();
  queue.inflight.set(1, {});
  const waiting = Promise.all(Array.from({ length: 20 }, () => queue.waitForPendingRequests()));
  assertEquals(queue.listenerCount("requestQueueEmpty"), 1);
  queue.emit("requestQueueEmpty");
  await waiting;
  assertEquals(queue.listenerCount("requestQueueEmpty"), 0);
});
