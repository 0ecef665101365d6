import { getLogger } from "@logtape/logtape";
import { formatDuration } from "../../shared/duration.ts";
import { withAdmin } from "./with_admin.ts";
import type { Cluster } from "../client/cluster.ts";
import type { Admin } from "../client/kafkajs.ts";
import { throughFailover } from "../errors/retry.ts";
import { describeTopic, topicConfigs } from "./topics.ts";

const log = getLogger(["wikitap", "kafka"]);

/** What is younger is not asked about, in ms: no topic is likely to keep its records for less. */
const YOUNG = 3_600_000;

/**
 * Warns where a topic keeps records for less time than what is to be published is old: Kafka goes by
 * the records' own timestamps and deletes old ones at its next check, which looks like loss.
 *
 * @param since Time in ms of the oldest.
 */
export async function warnOfRetention(
  cluster: Cluster,
  topics: readonly string[],
  since: number,
): Promise<void> {
  const age = Date.now() - since;
  if (age < YOUNG) return;
  const doing = "read the topics' retention";
  await withAdmin(cluster, { doing, rights: ["Describe", "DescribeConfigs"] }, async (admin) => {
    for (const topic of topics) {
      const retention = await throughFailover(() => retentionOf(admin, topic));
      if (retention >= age) continue;
      log.warn(
        "The topic '{topic}' keeps {retention}, and this begins {age} ago: Kafka will delete the oldest records again; set its retention.ms",
        { topic, retention: formatDuration(retention), age: formatDuration(age) },
      );
    }
  });
}

/**
 * ms, `Infinity` where the topic keeps everything, is not there yet, or does not tell without the
 * right to ask.
 */
async function retentionOf(admin: Admin, topic: string): Promise<number> {
  if (await describeTopic(admin, topic) === undefined) return Infinity;
  const names = ["cleanup.policy", "retention.ms"];
  const configs = await topicConfigs(admin, topic, { names }).catch(() =>
    new Map<string, string>()
  );
  const ms = Number(configs.get("retention.ms"));
  return configs.get("cleanup.policy")?.includes("delete") && ms > 0 ? ms : Infinity;
}
