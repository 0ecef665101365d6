/** The sum of counts by anything; 0 where there are none. */
export function totalOf(counts: ReadonlyMap<unknown, number> | undefined): number {
  return [...counts?.values() ?? []].reduce((sum, count) => sum + count, 0);
}
