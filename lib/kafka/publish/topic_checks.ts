import { UserError } from "../../shared/error.ts";
import { topicConfigs } from "../admin/topics.ts";
import { protocolErrorType } from "../errors/explain.ts";
import type { Admin } from "../client/kafkajs.ts";

/**
 * Checks that topics accept records without a key, which compacted ones reject. It passes without
 * the permission to read a topic's settings.
 *
 * @throws {UserError} for a compacted topic.
 */
export async function checkKeyless(admin: Admin, topics: readonly string[]): Promise<void> {
  for (const topic of topics) {
    const policy = await config(admin, topic, "cleanup.policy");
    if (!policy?.includes("compact")) continue;
    throw new UserError(
      `Cannot publish records without a key to the topic '${topic}': its cleanup.policy is '${policy}', expected 'delete'`,
      { hint: "Choose another --key or topic. Dead letters have no key either" },
    );
  }
}

/** Returns how far a timestamp may be ahead of the broker's clock, in ms, if that can be read. */
export async function timestampLimit(admin: Admin, topic: string): Promise<number | undefined> {
  const name = "message.timestamp.after.max.ms";
  const text = await config(admin, topic, name).catch(() => undefined);
  return text === undefined ? undefined : Number(text);
}

async function config(admin: Admin, topic: string, name: string): Promise<string | undefined> {
  try {
    return (await topicConfigs(admin, topic, { names: [name] })).get(name);
  } catch (error) {
    if (!protocolErrorType(error)?.endsWith("AUTHORIZATION_FAILED")) throw error;
    return undefined;
  }
}
