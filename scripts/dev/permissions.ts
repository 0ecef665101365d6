/** The targets of one kind of access: a list, all, or none. */
type Access = readonly string[] | boolean;

/** The parts of a permission set of deno.json that this project uses. */
export interface PermissionSet {
  /** Hosts, with or without a port. */
  readonly net?: Access;
  /** Files and folders to read. */
  readonly read?: Access;
  /** Files and folders to write. */
  readonly write?: Access;
  /** Programs to start. */
  readonly run?: Access;
  /** Environment variables to read, or to hide. */
  readonly env?: Access | { readonly allow?: Access; readonly ignore?: Access };
}

/** Returns a permission set as flags of `deno run`, one per kind. */
export function rightFlags({ env = false, ...others }: PermissionSet): string[] {
  const { allow = false, ignore = false } = typeof env === "object" && !(env instanceof Array)
    ? env
    : { allow: env };
  const flags = Object.entries(others).map(([kind, access]) => flagOf(`--allow-${kind}`, access));
  return [...flags, flagOf("--allow-env", allow), flagOf("--ignore-env", ignore)]
    .filter((flag) => flag !== "");
}

function flagOf(flag: string, access: Access): string {
  if (typeof access === "boolean") return access ? flag : "";
  return `${flag}=${access.join(",")}`;
}
