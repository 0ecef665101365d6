/** Returns the sum of counts, or 0 if there are none. */
export function totalOf(counts: ReadonlyMap<unknown, number> | undefined): number {
  return [...counts?.values() ?? []].reduce((sum, count) => sum + count, 0);
}
