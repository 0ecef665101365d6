/**
 * The arguments of kafkajs's producer. The messages `M` and partitions `P` are passed on unread.
 */
interface Grouping<M, P> {
  readonly topic: string;
  readonly partitionMetadata: P[];
  readonly messages: readonly M[];
  readonly partitioner: (of: { topic: string; partitionMetadata: P[]; message: M }) => number;
}

/**
 * Groups the messages of a send by partition. It replaces kafkajs's own function, which copies all
 * previous messages of a partition for each further one.
 */
export function groupByPartition<M, P>(
  { topic, partitionMetadata, messages, partitioner }: Grouping<M, P>,
): Record<number, M[]> {
  const groups: Record<number, M[]> = {};
  if (partitionMetadata.length === 0) return groups;
  for (const message of messages) {
    (groups[partitioner({ topic, partitionMetadata, message })] ??= []).push(message);
  }
  return groups;
}
