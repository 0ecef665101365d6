import { assertRejects } from "@std/assert";
import "../../lib/kafka/client/kafkajs.ts";

const { default: Cluster } = await import("kafkajs/src/cluster/index.js");

Deno.test("metadata() fails as a connection does if no broker answers", async () => {
  const unanswered = {
    retrier: (work: (bail: () => void) => Promise<unknown>) => work(() => {}),
    brokerPool: {
      refreshMetadataIfNecessary: () => Promise.resolve(),
      // All brokers failed, as kafkajs's `withBroker()` reports it.
      withBroker: () => Promise.resolve(null),
    },
  };
  const error = await assertRejects(
    () => Cluster.prototype.metadata.call(unanswered, { topics: [] }),
    Error,
    "No broker answers",
  );
  if (error.name !== "KafkaJSConnectionError") throw error;
});
