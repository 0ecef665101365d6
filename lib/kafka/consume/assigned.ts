/** What a member of a consumer group does from now on: `Storing partitions 0, 2 of 'edits'`. */
export function assignedText(
  action: string,
  partitions: readonly number[],
  topic: string,
): string {
  if (partitions.length === 0) {
    return "No partition is left for this one: it stands by, to take over from another";
  }
  const plural = partitions.length === 1 ? "" : "s";
  const inOrder = partitions.toSorted((a, b) => a - b);
  return `${action} partition${plural} ${inOrder.join(", ")} of '${topic}'`;
}
