import { UserError } from "../../shared/error.ts";
import type { Admin } from "../client/kafkajs.ts";
import { protocolErrorType } from "../errors/explain.ts";
import { topicConfigs } from "./topics.ts";

/** The settings of a topic that determine which records it accepts and keeps. */
export interface TopicSettings {
  /** `cleanup.policy`; `undefined` if the user lacks the permission to read it. */
  readonly policy: string | undefined;
  /** The age at which Kafka deletes records, in ms; `Infinity` if it keeps them or is unknown. */
  readonly retentionMs: number;
  /** `max.message.bytes`; `undefined` if the user lacks the permission to read it. */
  readonly maxBytes: number | undefined;
  /** Whether the broker sets the times of the records (`message.timestamp.type`). */
  readonly hasAppendTimes: boolean;
  /** `message.timestamp.after.max.ms`; `undefined` if the user lacks the permission to read it. */
  readonly aheadMaxMs: number | undefined;
}

const NAMES = [
  "cleanup.policy",
  "max.message.bytes",
  "message.timestamp.after.max.ms",
  "message.timestamp.type",
  "retention.ms",
];

/** Reads the settings of a topic. Without the permission for it, they are unknown. */
export async function topicSettings(admin: Admin, topic: string): Promise<TopicSettings> {
  const configs = await topicConfigs(admin, topic, { names: NAMES }).catch((error) => {
    if (!protocolErrorType(error)?.endsWith("AUTHORIZATION_FAILED")) throw error;
    return new Map<string, string>();
  });
  const number = (name: string) => configs.has(name) ? Number(configs.get(name)) : undefined;
  const policy = configs.get("cleanup.policy");
  const retentionMs = number("retention.ms") ?? -1;
  return {
    policy,
    retentionMs: policy?.includes("delete") && retentionMs > 0 ? retentionMs : Infinity,
    maxBytes: number("max.message.bytes") || undefined,
    hasAppendTimes: configs.get("message.timestamp.type") === "LogAppendTime",
    aheadMaxMs: number("message.timestamp.after.max.ms"),
  };
}

/**
 * Throws for a compacted topic.
 *
 * @param action The action that the error names after "Cannot": `verify`.
 * @throws {UserError} if its policy contains `compact`.
 */
export function refuseCompacted(
  topic: string,
  { policy }: Pick<TopicSettings, "policy">,
  { action, hint }: { readonly action: string; readonly hint: string },
): void {
  if (!policy?.includes("compact")) return;
  throw new UserError(
    `Cannot ${action} the topic '${topic}': its cleanup.policy is '${policy}', expected 'delete'`,
    { hint },
  );
}
