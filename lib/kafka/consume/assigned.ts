import { byTopic, type TopicPartition } from "../topic_partition.ts";

/** If there are more topics than this, they are counted instead of named. */
const MAX_NAMED = 5;

/** Names topics, or counts them if they are many: `'a', 'b'`, `7 topics`. */
export function topicsText(topics: readonly string[]): string {
  if (topics.length > MAX_NAMED) return `${topics.length} topics`;
  return topics.map((topic) => `'${topic}'`).join(", ");
}

/** Describes the assignment of a group's member: `Storing partitions 0, 2 of 'edits'`. */
export function assignedText(action: string, assigned: readonly TopicPartition[]): string {
  if (assigned.length === 0) {
    return "No partition is left for this program: it stands by, to take over from another one";
  }
  const topics = byTopic(assigned);
  if (topics.length > MAX_NAMED) {
    return `${action} ${assigned.length} partitions of ${topics.length} topics`;
  }
  const named = topics.map(({ topic, partitions }) => {
    const plural = partitions.length === 1 ? "" : "s";
    const inOrder = partitions.toSorted((a, b) => a - b);
    return `partition${plural} ${inOrder.join(", ")} of '${topic}'`;
  });
  return `${action} ${named.join(", ")}`;
}
