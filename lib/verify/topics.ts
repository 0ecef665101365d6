import {
  refuseCompacted,
  type TopicSettings,
  topicSettings,
} from "../kafka/admin/topic_settings.ts";
import { partitionCounts } from "../kafka/admin/topics.ts";
import { withAdmin } from "../kafka/admin/with_admin.ts";
import type { Cluster } from "../kafka/client/cluster.ts";
import { retryWhileNotReady } from "../kafka/errors/retry.ts";

/** The facts of a topic that a comparison needs. */
export interface TopicFacts extends Pick<TopicSettings, "hasAppendTimes" | "maxBytes"> {
  /** The name of the topic. */
  readonly topic: string;
  /** The number of its partitions. */
  readonly partitions: number;
}

/**
 * Fetches the facts of topics. Topics that do not exist are left out.
 *
 * @throws {UserError} for a compacted topic, or if Kafka cannot be used.
 */
export function topicFacts(cluster: Cluster, topics: readonly string[]): Promise<TopicFacts[]> {
  const [topic] = topics;
  const attempt = {
    action: "read the settings of the topic",
    rights: ["Read", "Describe"],
    ...topics.length === 1 && topic !== undefined ? { topic } : {},
  };
  return withAdmin(cluster, attempt, async (admin) => {
    const counts = await retryWhileNotReady(() => partitionCounts(admin, topics));
    const facts: TopicFacts[] = [];
    for (const [topic, partitions] of counts) {
      const settings = await topicSettings(admin, topic);
      refuseCompacted(topic, settings, {
        action: "verify",
        hint: "Choose another topic: compaction deletes all records of a page but the last",
      });
      facts.push({ topic, partitions, ...settings });
    }
    return facts;
  });
}
