/** The parts of a permission set of deno.json that this project uses. */
export interface PermissionSet {
  /** Hosts, with or without a port. */
  readonly net?: readonly string[] | boolean;
  /** Files and folders to read. */
  readonly read?: readonly string[] | boolean;
  /** Files and folders to write. */
  readonly write?: readonly string[] | boolean;
  /** Programs to start. */
  readonly run?: readonly string[] | boolean;
  /** Environment variables to read, or to hide. */
  readonly env?: readonly string[] | boolean | {
    readonly allow?: readonly string[] | boolean;
    readonly ignore?: readonly string[] | boolean;
  };
}

/** Returns a permission set as flags of `deno run`, one per kind. */
export function rightFlags({ env, ...others }: PermissionSet): string[] {
  const { allow, ignore } = env === undefined || typeof env === "boolean" || isList(env)
    ? { allow: env as readonly string[] | boolean | undefined, ignore: undefined }
    : env;
  const flags = Object.entries(others).map(([kind, what]) => flagOf(`--allow-${kind}`, what));
  return [...flags, flagOf("--allow-env", allow), flagOf("--ignore-env", ignore)]
    .filter((flag) => flag !== "");
}

function flagOf(flag: string, what: readonly string[] | boolean | undefined): string {
  if (what === undefined || what === false) return "";
  return what === true ? flag : `${flag}=${what.join(",")}`;
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value);
}
