/** Types of the parts of `@std/cli` that wikitap uses. The copy on npm has no types. */
export interface ParseArgsOptions {
  string?: readonly string[];
  boolean?: readonly string[];
  collect?: readonly string[];
  alias?: Record<string, readonly string[]>;
  /** Called for each argument that no option declares; `false` leaves it out of the result. */
  unknown?: (argument: string, key?: string, value?: unknown) => unknown;
}
export function parseArgs(
  args: readonly string[],
  options?: ParseArgsOptions,
): Record<string, unknown> & { _: (string | number)[] };
