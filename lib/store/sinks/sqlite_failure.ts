import { permissionHint, UserError } from "../../shared/error.ts";
import { NOT_OURS, SinkUnavailable } from "../sink.ts";

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

/** Not all errors of `node:sqlite` have the code; SQLite's texts are fixed (`sqlite3_errstr`). */
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
 * Explains an error of SQLite: returns `SinkUnavailable` if another process holds the lock, a
 * `UserError` if a person has to act, and otherwise the error itself.
 */
export function sqliteFailure(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  if (error.name === "NotCapable") return notCapable(error, file);
  const failure = (what: string, hint: string, cause: Error = error) =>
    new UserError(`Cannot use the database '${file}': ${what}`, { hint, cause });
  switch (codeOf(error)) {
    case Code.busy:
    case Code.locked:
      return new SinkUnavailable("another process is writing to it", { cause: error });
    case Code.full:
      return failure(
        "the disk is full",
        "Free some space and start again: it continues where it stopped",
      );
    case Code.io:
      return failure("the disk cannot be read or written", "Check the disk");
    case Code.readonly:
      return failure("it is not writable", "Check the permissions of the file and its folder");
    case Code.cantOpen:
      return failure("it cannot be opened", "Check that its folder exists and is writable");
    case Code.corrupt:
      return failure("it is damaged", "Restore it from a copy, or choose a new file");
    case NOT_A_DATABASE:
      return failure(
        "it is another kind of file",
        "Choose a SQLite file, or the name of a new one",
      );
    default: {
      const [other] = OTHER_TABLES.exec(error.message) ?? [];
      if (other === undefined) return error;
      return failure(NOT_OURS, "Choose another file with --database", new Error(other));
    }
  }
}

/** SQLite's texts for foreign tables. They share one code with all other errors of SQL. */
const OTHER_TABLES =
  /^(?:(?:table|index) \S+ already exists|no such (?:table|column): \S+|table \S+ has no column named \S+)/;

/** Returns the error of waiting for the lock for as long as a person would. */
export function stillLocked({ message, cause }: SinkUnavailable, file: string): UserError {
  return new UserError(`Cannot use the database '${file}': ${message}`, {
    hint: "Start again when that is done, or choose another file with --database",
    cause,
  });
}

function codeOf(error: Error & { errcode?: number }): number | undefined {
  if (typeof error.errcode === "number") return error.errcode & 0xff;
  return CODE_BY_TEXT.find(([text]) => error.message.includes(text))?.[1];
}

function notCapable(error: Error, file: string): UserError {
  return new UserError(`Cannot use the database '${file}': Deno denies access to it`, {
    hint: permissionHint(`--allow-read=${file}`, `--allow-write=${file}`),
    cause: error,
  });
}
