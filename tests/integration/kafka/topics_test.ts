import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../lib/shared/error.ts";
import { withAdmin } from "../../../lib/kafka/admin/with_admin.ts";
import { openCluster } from "../../../lib/kafka/client/cluster.ts";
import type { Admin } from "../../../lib/kafka/client/kafkajs.ts";
import { alterTopic, topicDifferences } from "../../../lib/kafka/admin/topic_diff.ts";
import {
  createTopics,
  describeTopic,
  partitionCounts,
  topicConfigs,
} from "../../../lib/kafka/admin/topics.ts";
import { testKafka, uniqueTopic } from "../../support/kafka/kafka.ts";

const cluster = openCluster({ brokers: (await testKafka()).split(",") });

Deno.test("createTopics() creates missing topics, and returns whether all were", async () => {
  await admin(async (admin) => {
    const [first, second] = [uniqueTopic(), uniqueTopic()];
    const spec = (topic: string) => ({ topic, partitions: 2, replicationFactor: 1 });
    assertEquals(await createTopics(admin, [spec(first)]), true);
    assertEquals(await createTopics(admin, [spec(first), spec(second)]), false);
    assertEquals(await createTopics(admin, [spec(first)]), false);
    assertEquals(await describeTopic(admin, second), { partitions: 2, replicationFactor: 1 });
    assertEquals(await describeTopic(admin, uniqueTopic()), undefined);
  });
});

Deno.test("createTopics() throws UserError for more replicas than brokers", async () => {
  const spec = { topic: uniqueTopic(), partitions: 1, replicationFactor: 50 };
  await assertRejects(
    () => admin((admin) => createTopics(admin, [spec])),
    UserError,
    "Cannot keep 50 replicas of each partition: the cluster has ",
  );
});

Deno.test("partitionCounts() leaves out topics that do not exist", async () => {
  await admin(async (admin) => {
    const topic = uniqueTopic();
    await createTopics(admin, [{ topic, partitions: 4, replicationFactor: 1 }]);
    assertEquals(await partitionCounts(admin, [topic]), new Map([[topic, 4]]));
    assertEquals(await partitionCounts(admin, [topic, uniqueTopic()]), new Map([[topic, 4]]));
    assertEquals(await partitionCounts(admin, [uniqueTopic()]), new Map());
    assertEquals(await partitionCounts(admin, []), new Map());
  });
});

Deno.test("alterTopic() adds partitions and keeps the other settings", async () => {
  await admin(async (admin) => {
    const topic = uniqueTopic();
    const configs = new Map([["max.message.bytes", "2000000"], ["retention.ms", "60000"]]);
    await createTopics(admin, [{ topic, partitions: 1, replicationFactor: 1, configs }]);
    const wish = { partitions: 3, configs: new Map([["retention.ms", "-1"]]) };
    const drifts = topicDifferences(
      wish,
      { partitions: 1, replicationFactor: 1 },
      await topicConfigs(admin, topic),
    );
    await alterTopic(admin, topic, drifts);
    assertEquals((await describeTopic(admin, topic))?.partitions, 3);
    assertEquals(
      await topicConfigs(admin, topic, { only: "own" }),
      new Map([["max.message.bytes", "2000000"], ["retention.ms", "-1"]]),
    );
  });
});

function admin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
  return withAdmin(cluster, { action: "test" }, work);
}
