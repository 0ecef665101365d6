import { partitionCounts, topicConfigs } from "../kafka/admin/topics.ts";
import { type Admin, withAdmin } from "../kafka/admin/with_admin.ts";
import type { Cluster } from "../kafka/client/cluster.ts";
import { retryWhileNotReady } from "../kafka/errors/retry.ts";
import { protocolErrorType } from "../kafka/errors/explain.ts";
import { UserError } from "../shared/error.ts";

/** The facts of a topic that a comparison needs. */
export interface TopicFacts {
  /** The name of the topic. */
  readonly topic: string;
  /** The number of its partitions. */
  readonly partitions: number;
  /** Whether the broker sets the times of the records. */
  readonly hasAppendTimes: boolean;
  /** `max.message.bytes`; `undefined` if the user may not ask. */
  readonly maxBytes: number | undefined;
}

/**
 * Asks for topics. Those that do not exist are left out.
 *
 * @throws {UserError} for a compacted topic, and if Kafka cannot be asked.
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
      const configs = await configsOf(admin, topic);
      checkPolicy(topic, configs.get("cleanup.policy"));
      facts.push({
        topic,
        partitions,
        hasAppendTimes: configs.get("message.timestamp.type") === "LogAppendTime",
        maxBytes: Number(configs.get("max.message.bytes")) || undefined,
      });
    }
    return facts;
  });
}

const SETTINGS = ["cleanup.policy", "max.message.bytes", "message.timestamp.type"];

/** Without the right to read settings they are taken for Kafka's defaults. */
async function configsOf(admin: Admin, topic: string): Promise<Map<string, string>> {
  try {
    return await topicConfigs(admin, topic, { names: SETTINGS });
  } catch (error) {
    if (!protocolErrorType(error)?.endsWith("AUTHORIZATION_FAILED")) throw error;
    return new Map();
  }
}

function checkPolicy(topic: string, policy: string | undefined): void {
  if (!policy?.includes("compact")) return;
  throw new UserError(
    `Cannot verify the topic '${topic}': its cleanup.policy is '${policy}', expected 'delete'`,
    { hint: "Choose another topic: compaction deletes all records of a page but the last" },
  );
}
