import { assertEquals, assertRejects } from "@std/assert";
import type { Admin } from "../../../../lib/kafka/client/kafkajs.ts";
import { NoTopics, TopicTable } from "../../../../lib/kafka/publish/topic_table.ts";

/** Runs `work` with a clock that can be advanced, in ms. */
async function withClock(work: (forward: (ms: number) => void) => Promise<void>): Promise<void> {
  let ahead = 0;
  const realNow = performance.now;
  performance.now = () => realNow.call(performance) + ahead;
  try {
    await work((ms) => ahead += ms);
  } finally {
    performance.now = realNow;
  }
}

Deno.test("TopicTable discovers new partitions minutes later", () =>
  withClock(async (forward) => {
    const cluster = new Map([["edits", 3]]);
    const admin = adminOf(cluster);
    const table = new TopicTable();
    const count = async () => {
      await table.load(admin, ["edits"]);
      return table.limits("edits").partitions;
    };
    assertEquals(await count(), 3);
    cluster.set("edits", 12);
    assertEquals(table.limits("edits").partitions, 3, "within a batch nothing changes");
    forward(2 * 60_000);
    assertEquals(await count(), 3);
    forward(2 * 60_000);
    assertEquals(await count(), 12);
  }));

Deno.test("TopicTable drops a missing topic that is not used", () =>
  withClock(async (forward) => {
    for (const create of [undefined, { partitions: 1, replicationFactor: 1 }]) {
      const cluster = new Map([["a", 1], ["b", 1]]);
      const table = new TopicTable(create);
      await table.load(adminOf(cluster), ["a", "b"]);
      cluster.delete("b");
      forward(4 * 60_000);
      await table.load(adminOf(cluster), ["a"]);
      assertEquals([...cluster.keys()], ["a"]);
    }
  }));

Deno.test("TopicTable reads the partitions of a topic that others created", async () => {
  const cluster = new Map<string, number>();
  const admin: Admin = {
    ...adminOf(cluster),
    createTopics: () => {
      cluster.set("edits", 12);
      return Promise.resolve(false);
    },
  };
  const table = new TopicTable({ partitions: 3, replicationFactor: 1 });
  await table.load(admin, ["edits"]);
  assertEquals(table.limits("edits").partitions, 12);
});

Deno.test("TopicTable creates missing topics only if allowed, never the excepted", async () => {
  const cluster = new Map<string, number>();
  const load = (table: TopicTable, ...topics: string[]) => table.load(adminOf(cluster), topics);
  await assertRejects(
    () => load(new TopicTable(), "edits"),
    NoTopics,
    "'edits': it does not exist",
  );
  const create = { partitions: 3, replicationFactor: 1, except: "letters" };
  await assertRejects(
    () => load(new TopicTable(create), "edits", "letters"),
    NoTopics,
    "'letters'",
  );
  await load(new TopicTable(create), "edits");
  assertEquals([...cluster], [["edits", 3]]);
});

/** Returns the admin client of a cluster with these topics and numbers of partitions. */
function adminOf(cluster: Map<string, number>): Admin {
  const unknown = Object.assign(new Error("unknown"), {
    name: "KafkaJSProtocolError",
    type: "UNKNOWN_TOPIC_OR_PARTITION",
  });
  return {
    fetchTopicMetadata: ({ topics }: { topics: string[] }) =>
      topics.some((topic) => !cluster.has(topic)) ? Promise.reject(unknown) : Promise.resolve({
        topics: topics.map((name) => ({ name, partitions: new Array(cluster.get(name)).fill({}) })),
      }),
    listTopics: () => Promise.resolve([...cluster.keys()]),
    fetchTopicOffsets: () => Promise.resolve([]),
    createTopics: ({ topics }: { topics: { topic: string; numPartitions: number }[] }) => {
      for (const { topic, numPartitions } of topics) cluster.set(topic, numPartitions);
      return Promise.resolve(true);
    },
    describeConfigs: () => Promise.resolve({ resources: [] }),
  } as never;
}
