/**
 * Returns a test or a step that is skipped if `missing` names what this machine lacks. Its name then has the reason, and `deno task test` lists it at the end.
 *
 * @param missing What is missing, and how to get it: `no kcat: apt-get install kcat`.
 */
export function needing<T extends { readonly name: string }>(
  missing: string | undefined,
  test: T,
): T & { readonly ignore: boolean } {
  const name = missing === undefined ? test.name : `${test.name} (skipped: ${missing})`;
  return { ...test, name, ignore: missing !== undefined };
}
