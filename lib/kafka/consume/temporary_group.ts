/**
 * Returns a new name for a temporary group, which commits nothing and is deleted at the end.
 *
 * @param prefix The beginning of the name: `wikitap-` and the name of the program.
 */
export function temporaryGroup(prefix: string): string {
  return `${prefix}-${crypto.randomUUID()}`;
}

/** Returns the program that a temporary group belongs to; `null` for other groups. */
export function programOfGroup(groupId: string): string | null {
  return /^wikitap-([a-z]+)-[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.exec(groupId)?.[1] ?? null;
}
