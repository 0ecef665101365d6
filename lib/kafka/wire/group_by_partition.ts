/** What kafkajs's producer asks for: of its messages `M` and partitions `P` nothing is looked at. */
interface Grouping<M, P> {
  readonly topic: string;
  readonly partitionMetadata: P[];
  readonly messages: readonly M[];
  readonly partitioner: (of: { topic: string; partitionMetadata: P[]; message: M }) => number;
}

/**
 * Groups the messages of a send by partition, in the place of kafkajs's own function, which copies
 * all that a partition has so far for each message more.
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
