/** Tests kafkajs if no broker answers, with the replacement of `client/kafkajs.ts`. */
import { assertEquals, assertRejects } from "@std/assert";
import { protocolErrorType } from "../../lib/kafka/errors/explain.ts";
import "../../lib/kafka/client/kafkajs.ts";

const { default: BrokerPool } = await import("kafkajs/src/cluster/brokerPool.js");
const { default: Cluster } = await import("kafkajs/src/cluster/index.js");
const { KafkaJSProtocolError, KafkaJSRequestTimeoutError } = await import("kafkajs/src/errors.js");

/** Returns a pool of one broker that fails this number of times, and then answers. */
function pool(failures: number, failure: Error) {
  let left = failures;
  const ask = () => left-- > 0 ? Promise.reject(failure) : Promise.resolve("answer");
  const broker = { ask, metadata: ask };
  const made = Object.create(BrokerPool.prototype);
  return Object.assign(made, {
    brokers: { 1: broker },
    findBroker: () => Promise.resolve(broker),
    refreshMetadataIfNecessary: () => Promise.resolve(),
  });
}

const ask = ({ broker }: { broker: { ask(): Promise<string> } }) => broker.ask();
const lost = new KafkaJSRequestTimeoutError("Request timed out", {});

Deno.test("withBroker() asks again if an answer was lost", async () => {
  assertEquals(await pool(1, lost).withBroker(ask), "answer");
});

Deno.test("withBroker() fails with the reason of the last broker", async () => {
  const error = await assertRejects(() => pool(2, lost).withBroker(ask), Error, lost.message);
  assertEquals([error.name, error.cause], ["KafkaJSNonRetriableError", lost]);
});

Deno.test("withBroker() does not ask again if Kafka has answered", async () => {
  const refused = new KafkaJSProtocolError({
    message: "No right",
    type: "GROUP_AUTHORIZATION_FAILED",
    code: 30,
    retriable: false,
  });
  const error = await assertRejects(() => pool(1, refused).withBroker(ask));
  assertEquals(protocolErrorType(error), "GROUP_AUTHORIZATION_FAILED");
});

Deno.test("metadata() fails as its request did", async () => {
  const unanswered = {
    retrier: (work: (bail: () => void) => Promise<unknown>) => work(() => {}),
    brokerPool: pool(2, lost),
  };
  const error = await assertRejects(
    () => Cluster.prototype.metadata.call(unanswered, { topics: [] }),
  );
  assertEquals((error as Error).cause, lost);
});
