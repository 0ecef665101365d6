/**
 * Returns a function that tests whether a text matches one of the patterns. A `*` at the start, at
 * the end or at both matches any text, including none. Elsewhere it is an ordinary character.
 */
export function matcher(patterns: readonly string[]): (text: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !isWildcard(pattern)));
  const wild = patterns.filter(isWildcard).map(wildcard);
  return (text) => exact.has(text) || wild.some((matches) => matches(text));
}

/** Returns whether a pattern starts or ends with `*`. */
export function isWildcard(pattern: string): boolean {
  return pattern.startsWith("*") || pattern.endsWith("*");
}

function wildcard(pattern: string): (text: string) => boolean {
  if (pattern === "*") return () => true;
  const open = pattern.startsWith("*");
  const fixed = pattern.slice(open ? 1 : 0, pattern.endsWith("*") ? -1 : undefined);
  if (!open) return (text) => text.startsWith(fixed);
  if (!pattern.endsWith("*")) return (text) => text.endsWith(fixed);
  return (text) => text.includes(fixed);
}
