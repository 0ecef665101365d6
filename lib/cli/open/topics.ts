import { isWildcard, matcher } from "../../edits/filter/pattern.ts";
import type { Cluster } from "../../kafka/client/cluster.ts";
import { withLeaders } from "../../kafka/consume/direct/leaders.ts";
import { UserError } from "../../shared/error.ts";

/**
 * Returns the topics that match the names and wildcards of `--topic`.
 *
 * @throws {UserError} if a wildcard matches none, or if Kafka refuses to list topics.
 */
export async function resolveTopics(
  cluster: Cluster,
  topics: readonly string[],
): Promise<readonly string[]> {
  const wildcards = topics.filter(isWildcard);
  if (wildcards.length === 0) return topics;
  const all = await withLeaders(cluster, { action: "list topics" }, (leaders) => leaders.topics());
  const none = wildcards.find((wildcard) => !all.some(matcher([wildcard])));
  if (none !== undefined) {
    throw new UserError(`Cannot read '${none}': no topic matches`, {
      hint: "See the topics: deno task topics list",
    });
  }
  const named = topics.filter((topic) => !isWildcard(topic));
  return [...new Set([...named, ...all.filter(matcher(wildcards))])];
}
