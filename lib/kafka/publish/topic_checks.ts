import { refuseCompacted, topicSettings } from "../admin/topic_settings.ts";
import type { Admin } from "../client/kafkajs.ts";

/**
 * Checks that topics accept records without a key, which compacted ones reject. It passes without
 * the permission to read a topic's settings.
 *
 * @throws {UserError} for a compacted topic.
 */
export async function checkKeyless(admin: Admin, topics: readonly string[]): Promise<void> {
  for (const topic of topics) {
    refuseCompacted(topic, await topicSettings(admin, topic), {
      action: "publish records without a key to",
      hint: "Choose another --key or topic. Dead letters have no key either",
    });
  }
}
