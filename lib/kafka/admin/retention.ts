import { getLogger } from "@logtape/logtape";
import { formatDuration } from "../../shared/duration.ts";
import { withAdmin } from "./with_admin.ts";
import type { Cluster } from "../client/cluster.ts";
import type { Admin } from "../client/kafkajs.ts";
import { retryDuringFailover } from "../errors/retry.ts";
import { topicSettings } from "./topic_settings.ts";
import { describeTopic } from "./topics.ts";

const log = getLogger(["wikitap", "kafka"]);

/** Records younger than this need no check, in ms: topics hardly ever keep records for less. */
const YOUNG = 3_600_000;

/**
 * Logs a warning if a topic keeps records for a shorter time than the back-fill goes back. Kafka
 * goes by the records' own timestamps. It deletes old records at its next check, which looks like a
 * loss.
 *
 * @param since Time of the oldest record, in ms since 1970.
 * @throws {UserError} if Kafka cannot be asked.
 */
export async function warnOfRetention(
  cluster: Cluster,
  topics: readonly string[],
  since: number,
): Promise<void> {
  const age = Date.now() - since;
  if (age < YOUNG) return;
  const action = "read the topics' retention";
  await withAdmin(cluster, { action, rights: ["Describe", "DescribeConfigs"] }, async (admin) => {
    for (const topic of topics) {
      const retention = await retryDuringFailover(() => retentionOf(admin, topic));
      if (retention >= age) continue;
      log.warn(
        "The topic '{topic}' keeps records for {retention}, but the back-fill starts {age} ago: Kafka will delete the oldest records; raise retention.ms",
        { topic, retention: formatDuration(retention), age: formatDuration(age) },
      );
    }
  });
}

/**
 * Returns the retention in ms. It is `Infinity` if the topic keeps everything or does not exist, or
 * if the user lacks the permission to read it.
 */
async function retentionOf(admin: Admin, topic: string): Promise<number> {
  if (await describeTopic(admin, topic) === undefined) return Infinity;
  return (await topicSettings(admin, topic).catch(() => undefined))?.retentionMs ?? Infinity;
}
