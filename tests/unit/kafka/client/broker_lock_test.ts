import { createRequire } from "node:module";
// Before anything that loads lib/kafka/client/kafkajs.ts, which replaces it.
import original from "kafkajs/src/producer/eosManager/index.js";
import { assertEquals } from "@std/assert";
import "../../../../lib/kafka/client/kafkajs.ts";

interface EosManager {
  initProducerId(): Promise<void>;
  acquireBrokerLock(broker: { nodeId: number }): Promise<void>;
}

/** Returns whether a second send to a broker may begin while the first is in flight. */
async function goSideBySide(create: (options: object) => EosManager): Promise<boolean> {
  const coordinator = { initProducerId: () => ({ producerId: 1, producerEpoch: 0 }) };
  const manager = create({
    logger: { debug() {} },
    cluster: {
      retry: {},
      refreshMetadataIfNecessary() {},
      findGroupCoordinator: () => coordinator,
      findControllerBroker: () => coordinator,
    },
  });
  await manager.initProducerId();
  await manager.acquireBrokerLock({ nodeId: 1 });
  const second = manager.acquireBrokerLock({ nodeId: 1 }).then(() => true);
  return await Promise.race([
    second,
    new Promise<false>((resolve) => setTimeout(resolve, 0, false)),
  ]);
}

Deno.test("the publisher's sends to one broker run at the same time", {
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const require = createRequire(import.meta.resolve("../../../../lib/kafka/client/kafkajs.ts"));
  const replaced = require("kafkajs/src/producer/eosManager/index.js");
  assertEquals(await goSideBySide(original as typeof replaced), false);
  assertEquals(await goSideBySide(replaced), true);
});
