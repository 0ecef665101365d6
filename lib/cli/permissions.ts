/** A permission set of deno.json, as far as this project uses them. */
export interface PermissionSet {
  readonly net?: readonly string[] | boolean;
  readonly read?: readonly string[] | boolean;
  readonly write?: readonly string[] | boolean;
  readonly run?: readonly string[] | boolean;
  readonly env?: readonly string[] | boolean | {
    readonly allow?: readonly string[] | boolean;
    readonly ignore?: readonly string[] | boolean;
  };
}

/** A permission set as the flags of `deno run`: one for each kind of right. */
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
