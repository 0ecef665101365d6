import { permissionHint, UserError } from "../../../shared/error.ts";

/** What an error code of the system means to a person. */
const REASONS: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENOSPC: ["its disk is full", "Make room and start again: it goes on where it was"],
  EDQUOT: ["its quota is used up", "Make room and start again: it goes on where it was"],
  EACCES: ["it may not be written", "Check the permissions of the directory"],
  EROFS: ["its file system is read-only", "Mount it for writing, or give another directory"],
  ENOENT: ["it is not there", "Create its parent directory"],
  ENOTDIR: ["it is not a directory", "Give another name in --database"],
  EEXIST: ["it is not a directory", "Give another name in --database"],
  EMFILE: ["too many files are open", "Raise the limit: ulimit -n 4096"],
  EIO: ["its disk cannot be read or written", "Check the disk"],
  ESTALE: ["its file system is gone", "Mount it again, and start again"],
};

/** Codes of file systems without hard links (FAT, some of the network). */
const NO_LINKS: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EMLINK",
]);

/** What an error of the file system means: a `UserError`, or the error itself. */
export function directoryFailure(error: unknown, directory: string): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  const fail = (what: string, hint: string) =>
    new UserError(`Cannot use the directory '${directory}': ${what}`, { hint, cause: error });
  if (error instanceof Deno.errors.NotCapable) {
    const flags = [`--allow-read=${directory}`, `--allow-write=${directory}`];
    return fail("the program may not", permissionHint(...flags));
  }
  const { code = "" } = error as Error & { code?: string };
  if (NO_LINKS.has(code)) {
    return fail(
      "its file system has no hard links, expected one that has, such as ext4, XFS, APFS or NFS",
      "Give a directory on another file system",
    );
  }
  const reason = REASONS[code];
  return reason === undefined ? error : fail(...reason);
}
