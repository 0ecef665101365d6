import { withAdmin } from "../../kafka/admin/with_admin.ts";
import { type Cluster, disconnect } from "../../kafka/client/cluster.ts";
import { TopicIds } from "../../kafka/client/topic_id.ts";
import { TopicConsumer } from "../../kafka/consume/consumer.ts";
import { isFatal } from "../../kafka/errors/classify.ts";
import { type Attempt, explain } from "../../kafka/errors/explain.ts";
import { refusePositionGroup } from "../../kafka/consume/position_group.ts";
import { retryWhileNotReady } from "../../kafka/errors/retry.ts";
import { unlessStopped } from "../../shared/sleep.ts";
import { DatabaseRetry } from "./database_retry.ts";
import { Member } from "./member.ts";
import type { StoreOptions } from "./options.ts";

/**
 * Stores a topic in a database, every committed record once, as a member of a consumer group. Where
 * it goes on is what the database says, not Kafka: offsets are stored with the rows.
 *
 * Returns after `maxRecords`, or when `signal` is aborted. Kafka or the database being away is
 * waited out; memory stays bounded meanwhile, since no more is fetched.
 *
 * @throws {UserError} for what does not pass by waiting: no such topic, no right, a group that holds
 *   a producer's position, a full disk, a wrong password, offsets that Kafka does not have, another
 *   group that stores the same topic in the same database. Also for a schema registry that is away
 *   for 5 s when a value needs it: that is not waited out.
 */
export async function storeTopic(cluster: Cluster, options: StoreOptions): Promise<void> {
  const { topic, group, sink, signal } = options;
  const attempt: Omit<Attempt, "cluster"> = {
    action: `store the topic '${topic}'`,
    topic,
    group,
    rights: ["Read", "Describe"],
  };
  const named = await withAdmin(cluster, attempt, async (admin) => {
    // Names a topic that is missing, without trying again.
    await retryWhileNotReady(() => admin.fetchTopicMetadata({ topics: [topic] }));
    await retryWhileNotReady(() => refusePositionGroup(admin, group));
    const { clusterId } = await admin.describeCluster();
    return { clusterId, topic, kafkaId: await fetchTopicId(cluster, topic) };
  });
  const database = new DatabaseRetry(options.progress);
  const topicId = await unlessStopped(signal, database.run(() => sink.addTopic(named), signal));
  if (topicId === undefined) return;
  const admin = cluster.patient.admin();
  const member = new Member(options, {
    topicId,
    admin,
    database,
    isFatal,
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

/** Returns null if the brokers have no ids for topics. */
async function fetchTopicId(cluster: Cluster, topic: string): Promise<string | null> {
  const ids = new TopicIds(cluster);
  try {
    return await ids.fetch(topic) ?? null;
  } finally {
    await ids.close();
  }
}
