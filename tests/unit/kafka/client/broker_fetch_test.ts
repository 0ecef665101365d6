import Broker from "kafkajs/src/broker/index.js";
import { assertEquals } from "@std/assert";
import "../../../../lib/kafka/client/kafkajs.ts";

Deno.test("a consumer's fetch is followed by the next one at once", async () => {
  const sent: string[] = [];
  const answer = (fetchOffset: string) => {
    sent.push(fetchOffset);
    const messages = [{ offset: fetchOffset }];
    const partitions = [{ partition: 0, highWatermark: "9", lastStableOffset: "9", messages }];
    return Promise.resolve({ responses: [{ topicName: "t", partitions }] });
  };
  const broker = new Broker({
    connectionPool: {
      isConnected: () => true,
      send: ({ topics }: ReturnType<typeof request>) =>
        answer(topics[0]!.partitions[0]!.fetchOffset),
    },
    logger: { namespace: () => ({}) },
  });
  broker.lookupRequest = () => (options: unknown) => options;
  await broker.fetch(request("7"));
  assertEquals(sent, ["7", "8"]);
  await broker.fetch(request("8"));
  assertEquals(sent, ["7", "8"]);
});

function request(fetchOffset: string) {
  return { topics: [{ topic: "t", partitions: [{ partition: 0, fetchOffset }] }] };
}
