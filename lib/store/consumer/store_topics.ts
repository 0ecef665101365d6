import { withAdmin } from "../../kafka/admin/with_admin.ts";
import { type Cluster, disconnect } from "../../kafka/client/cluster.ts";
import { topicIds } from "../../kafka/client/topic_id.ts";
import { TopicConsumer } from "../../kafka/consume/consumer.ts";
import { topicsText } from "../../kafka/consume/assigned.ts";
import type { Attempt } from "../../kafka/errors/terms.ts";
import { explain } from "../../kafka/errors/explain.ts";
import { refusePositionGroup } from "../../kafka/consume/position_group.ts";
import { retryWhileNotReady } from "../../kafka/errors/retry.ts";
import { unlessStopped } from "../../shared/sleep.ts";
import { DatabaseRetry } from "./database_retry.ts";
import { Member } from "./member.ts";
import type { StoreOptions } from "./options.ts";

/**
 * Stores topics in a database, every committed record once, as a member of a consumer group. The
 * database, not Kafka, determines where to continue: offsets are stored with the rows.
 *
 * Returns after `maxRecords`, or when `signal` is aborted. While Kafka or the database is
 * unavailable, it waits. Memory stays bounded, since only one more fetch of each broker is received.
 *
 * @throws {UserError} for permanent failures: a missing topic or permission, a group that
 * holds a producer's position, a full disk, a wrong password, offsets that Kafka does not have,
 * another group that stores the same topic in the same database. Also for a schema registry that is
 * unavailable for 5 s when a value needs it.
 */
export async function storeTopics(cluster: Cluster, options: StoreOptions): Promise<void> {
  const { topics, group, sink, signal } = options;
  const attempt: Omit<Attempt, "cluster"> = {
    action: `store ${topics.length === 1 ? "the topic " : ""}${topicsText(topics)}`,
    ...topics.length === 1 ? { topic: topics[0]! } : {},
    group,
    rights: ["Read", "Describe"],
  };
  const named = await withAdmin(cluster, attempt, async (admin) => {
    // Reports a missing topic without retries.
    await retryWhileNotReady(() => admin.fetchTopicMetadata({ topics: [...topics] }));
    await retryWhileNotReady(() => refusePositionGroup(admin, group));
    const { clusterId } = await admin.describeCluster();
    const ids = await topicIds(cluster, topics);
    return topics.map((topic) => ({ clusterId, topic, kafkaId: ids.get(topic) ?? null }));
  });
  const database = new DatabaseRetry(options.progress);
  const topicNumbers = new Map<string, number>();
  for (const name of named) {
    const adding = database.run(() => sink.addTopic(name), signal);
    const topicId = await unlessStopped(signal, adding);
    if (topicId === undefined) return;
    topicNumbers.set(name.topic, topicId);
  }
  const admin = cluster.patient.admin();
  const member = new Member(options, {
    topicNumbers,
    admin,
    database,
    makeConsumer: (consumer) => new TopicConsumer(cluster, consumer),
  });
  try {
    await admin.connect();
    await member.run();
  } catch (error) {
    throw explain(error, { ...attempt, cluster });
  } finally {
    await disconnect(admin);
  }
}
