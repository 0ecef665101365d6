import { assertEquals } from "@std/assert";
import type { Admin } from "../../../lib/kafka/kafkajs.ts";
import { TopicTable } from "../../../lib/kafka/topic_table.ts";

Deno.test("TopicTable takes up new partitions when it is loaded again, minutes later", async () => {
  let [now, partitions] = [0, 3];
  const realNow = Date.now;
  Date.now = () => realNow() + now;
  try {
    const admin = clusterWith(() => partitions);
    const table = new TopicTable();
    const count = async () => {
      await table.load(admin, ["edits"]);
      return table.limits("edits").partitions;
    };
    assertEquals(await count(), 3);
    partitions = 12;
    assertEquals(table.limits("edits").partitions, 3, "within a batch nothing changes");
    now = 2 * 60_000;
    assertEquals(await count(), 3);
    now = 4 * 60_000;
    assertEquals(await count(), 12);
  } finally {
    Date.now = realNow;
  }
});

function clusterWith(partitions: () => number): Admin {
  const topic = () => ({ name: "edits", partitions: new Array(partitions()).fill({}) });
  return {
    fetchTopicMetadata: () => Promise.resolve({ topics: [topic()] }),
    describeConfigs: () => Promise.resolve({ resources: [] }),
  } as never;
}
