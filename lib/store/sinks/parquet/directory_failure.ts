import { permissionHint, UserError } from "../../../shared/error.ts";

/** Explanations of the system's error codes. */
const REASONS: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENOSPC: ["its disk is full", "Free some space and start again: it continues where it stopped"],
  EDQUOT: [
    "its quota is used up",
    "Free some space and start again: it continues where it stopped",
  ],
  EACCES: ["it is not writable", "Check the permissions of the directory"],
  EROFS: ["its file system is read-only", "Mount it for writing, or choose another directory"],
  ENOENT: ["it does not exist", "Create its parent directory"],
  ENOTDIR: ["it is not a directory", "Choose another name with --database"],
  EEXIST: ["it is not a directory", "Choose another name with --database"],
  EMFILE: ["too many files are open", "Raise the limit: ulimit -n 4096"],
  EIO: ["its disk cannot be read or written", "Check the disk"],
  ESTALE: ["its file system is no longer mounted", "Mount it again, and start again"],
};

/** Codes of file systems without hard links (FAT, some network file systems). */
const NO_LINKS: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EMLINK",
]);

/** Explains an error of the file system: returns a `UserError`, or the error itself. */
export function directoryFailure(error: unknown, directory: string): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  const fail = (what: string, hint: string) =>
    new UserError(`Cannot use the directory '${directory}': ${what}`, { hint, cause: error });
  if (error instanceof Deno.errors.NotCapable) {
    const flags = [`--allow-read=${directory}`, `--allow-write=${directory}`];
    return fail("Deno denies access to it", permissionHint(...flags));
  }
  const { code = "" } = error as Error & { code?: string };
  if (NO_LINKS.has(code)) {
    return fail(
      "its file system has no hard links, expected one that has, such as ext4, XFS, APFS or NFS",
      "Choose a directory on another file system",
    );
  }
  const reason = REASONS[code];
  return reason === undefined ? error : fail(...reason);
}
