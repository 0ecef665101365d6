import { permissionHint, UserError } from "../../shared/error.ts";
import { NOT_OURS, Unavailable } from "../sink.ts";

/** Result codes of SQLite (sqlite.org/rescode.html), without their extension. */
const Code = {
  busy: 5,
  locked: 6,
  readonly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cantOpen: 14,
} as const;
const NOT_A_DATABASE = 26;

/** Not all errors of `node:sqlite` carry the code; SQLite's texts are fixed (`sqlite3_errstr`). */
const CODE_BY_TEXT: readonly (readonly [text: string, code: number])[] = [
  ["database is locked", Code.busy],
  ["database table is locked", Code.locked],
  ["readonly database", Code.readonly],
  ["disk I/O error", Code.io],
  ["malformed", Code.corrupt],
  ["disk is full", Code.full],
  ["unable to open database file", Code.cantOpen],
  ["file is not a database", NOT_A_DATABASE],
];

/**
 * What an error of SQLite means: `Unavailable` where another process holds the lock, a `UserError`
 * where a person has to do something, and else the error itself.
 */
export function sqliteFailure(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  if (error.name === "NotCapable") return notCapable(error, file);
  const told = (what: string, hint: string, cause: Error = error) =>
    new UserError(`Cannot use the database '${file}': ${what}`, { hint, cause });
  switch (codeOf(error)) {
    case Code.busy:
    case Code.locked:
      return new Unavailable("another process is writing to it", { cause: error });
    case Code.full:
      return told("the disk is full", "Make room and start again: it goes on where it was");
    case Code.io:
      return told("the disk cannot be read or written", "Is it full, broken, or gone?");
    case Code.readonly:
      return told("it may not be written", "Check the rights on the file and its folder");
    case Code.cantOpen:
      return told("it cannot be opened", "Its folder must exist, and must be writable");
    case Code.corrupt:
      return told("it is damaged", "Restore it from a copy, or begin a new one");
    case NOT_A_DATABASE:
      return told("it is another kind of file", "Give the name of an SQLite file, or of a new one");
    default: {
      const [other] = OTHER_TABLES.exec(error.message) ?? [];
      if (other === undefined) return error;
      return told(NOT_OURS, "Give a file of its own in --database", new Error(other));
    }
  }
}

/** There is no code for it but the one for all errors of SQL, which Deno puts behind the words. */
const OTHER_TABLES =
  /^(?:(?:table|index) \S+ already exists|no such (?:table|column): \S+|table \S+ has no column named \S+)/;

/** The failure of who waited for the lock for as long as a person would. */
export function stillLocked({ message, cause }: Unavailable, file: string): UserError {
  return new UserError(`Cannot use the database '${file}': ${message}`, {
    hint: "Start again when that is done, or give another file in --database",
    cause,
  });
}

function codeOf(error: Error & { errcode?: number }): number | undefined {
  if (typeof error.errcode === "number") return error.errcode & 0xff;
  return CODE_BY_TEXT.find(([text]) => error.message.includes(text))?.[1];
}

function notCapable(error: Error, file: string): UserError {
  return new UserError(`Cannot use the database '${file}': the program may not`, {
    hint: permissionHint(`--allow-read=${file}`, `--allow-write=${file}`),
    cause: error,
  });
}
