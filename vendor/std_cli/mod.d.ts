/** What wikitap uses of `@std/cli`, typed by hand: the npm republication carries no types. */
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
