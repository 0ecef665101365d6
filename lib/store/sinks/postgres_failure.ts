import { permissionHint, UserError } from "../../shared/error.ts";
import { formatDatabase, type PostgresAddress } from "../address.ts";
import { NOT_OURS, SinkUnavailable } from "../sink.ts";

/** The explanation of an error of the server. */
interface Meaning {
  readonly what: string;
  readonly hint: string;
}

/** The facts that a hint may need. */
interface Context {
  readonly address: PostgresAddress;
  readonly hasPassword: boolean;
}

/** An error of the server, by its SQLSTATE. */
type Condition =
  /** A temporary error; its hint is for the start. Default `what`: the server's message. */
  | { readonly passes: true; readonly what?: string; readonly hint: string }
  | { readonly passes: false; readonly meaning: (context: Context) => Meaning };

/** SQLSTATEs (PostgreSQL's manual, appendix A) with an explanation for people. */
const CONDITIONS: Readonly<Record<string, Condition>> = {
  "08P01": { passes: true, hint: "Check the log of the pooler or proxy at that address" },
  "25006": {
    passes: true,
    what: "it is read-only",
    hint: "If it is a standby, use the address of the primary",
  },
  "53300": { passes: true, hint: "Raise max_connections, or start fewer programs" },
  "57P03": { passes: true, hint: "Start again in a moment" },
  "28P01": ending(wrongPassword),
  "28000": ending(wrongPassword),
  "3D000": ending(({ address: { database } }) => ({
    what: `there is no database '${database}'`,
    hint: `Create it: createdb ${database}`,
  })),
  "3F000": ending(({ address: { user } }) => ({
    what: `the search_path of the user '${user}' names no schema that exists`,
    hint: `Set one: ALTER ROLE ${quoteName(user)} SET search_path = public`,
  })),
  "42501": ending(({ address: { user } }) => ({
    what: `the user '${user}' lacks a privilege`,
    hint: "Make that user the owner of the database: store creates tables and writes to them",
  })),
  "42P07": ending(otherTables),
  "42703": ending(otherTables),
  "53100": ending(() => ({
    what: "its disk is full",
    hint: "Free some space and start again: it continues where it stopped",
  })),
  "57P04": ending(({ address: { database } }) => ({
    what: `the database '${database}' was dropped`,
    hint: "Create it again, or choose another one with --database",
  })),
};

/**
 * Other temporary errors. Codes of connections, of Node and of the client; and classes of
 * SQLSTATEs: connection exceptions, rollbacks because of others, lack of resources, locks,
 * cancellations, shutdowns, time limits.
 */
const PASSING =
  /^(?:E(?!RR_)[A-Z_]+|CONNECT[A-Z_]+|08...|40001|40P01|53000|53200|53400|55006|55P03|57014|57P0[125]|25P0[34])$/;

/** pgbouncer's rejection of a user or a password; its code is that of all its errors (08P01). */
const POOLER_LOGIN = /^(?:SASL authentication failed|no such user|password authentication failed)/;

/**
 * A pooler's rejection of startup parameters (08P01); and its codes for lost prepared statements.
 */
const POOLER = /^unsupported startup parameter/;
const LOST_STATEMENT: ReadonlySet<unknown> = new Set(["26000", "42P05"]);

/**
 * Explains an error of PostgreSQL: returns `SinkUnavailable` if the same may work later, a
 * `UserError` if a person has to act, and otherwise the error itself.
 *
 * @param hasPassword Whether a password was given, for the hint.
 */
export function postgresFailure(
  error: unknown,
  address: PostgresAddress,
  hasPassword: boolean,
): unknown {
  if (!(error instanceof Error) || error instanceof UserError || error instanceof SinkUnavailable) {
    return error;
  }
  const context = { address, hasPassword };
  const code = codeOf(error);
  if (error.name === "NotCapable" || code === "EPERM") {
    return refused(error, notCapable(address), address);
  }
  if (typeof code !== "string") return error;
  if (/^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED)/.test(code)) {
    return refused(error, notTrusted(address), address);
  }
  const condition = POOLER_LOGIN.test(error.message) ? CONDITIONS["28P01"] : CONDITIONS[code];
  if (condition !== undefined && !condition.passes) {
    return refused(error, condition.meaning(context), address);
  }
  if (condition === undefined && !PASSING.test(code)) return error;
  const what = condition?.what ?? shortReason(error, code);
  return new SinkUnavailable(what, { cause: error });
}

/** Returns the error of the first connection: a person waits, so there is no retry. */
export function notReachable(error: SinkUnavailable, address: PostgresAddress): UserError {
  const condition = CONDITIONS[String(codeOf(error.cause))];
  const needsTls = address.tls === "require" || address.tls === "verify-full";
  const hint = condition?.passes
    ? condition.hint
    : needsTls
    ? "Start PostgreSQL with TLS, or choose another sslmode in --database"
    : "Start PostgreSQL, or check the address in --database";
  const verb = isServerError(error.cause) ? "use" : "reach";
  return new UserError(
    `Cannot ${verb} the database ${formatDatabase(address)}: ${error.message}`,
    { hint, cause: error.cause },
  );
}

/**
 * Returns whether an error shows that a pooler is in front of the server: it rejects startup
 * parameters, or has lost a prepared statement. Nothing was done then.
 */
export function isFromPooler(error: unknown): boolean {
  return LOST_STATEMENT.has(codeOf(error)) ||
    (error instanceof Error && POOLER.test(error.message));
}

/** Returns whether the server accepts no writes: a standby, or a primary during a switchover. */
export function isReadOnly(error: unknown): boolean {
  return codeOf(error) === "25006";
}

/** Returns whether the server, or a pooler in front of it, answered with an error. */
export function isServerError(error: unknown): boolean {
  return error instanceof Error && error.name === "PostgresError";
}

/**
 * Throws for a database that lacks characters of most languages. SQL_ASCII stores UTF-8 unchanged.
 */
export function checkEncoding(encoding: string, address: PostgresAddress): void {
  if (encoding === "UTF8" || encoding === "SQL_ASCII") return;
  throw new UserError(
    `Cannot use the database ${
      formatDatabase(address)
    }: its encoding is ${encoding}, expected UTF8`,
    { hint: `Create another one: createdb --encoding UTF8 --template template0 NAME` },
  );
}

function ending(meaning: (context: Context) => Meaning): Condition {
  return { passes: false, meaning };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error ? (error as Error & { code?: unknown }).code : undefined;
}

/** A table exists already, or has other columns. */
function otherTables(): Meaning {
  return { what: NOT_OURS, hint: "Choose another database with --database" };
}

function wrongPassword({ address: { user }, hasPassword }: Context): Meaning {
  return {
    what: `it rejected the user '${user}' or the password`,
    hint: hasPassword
      ? "Check the user in --database and the password in PGPASSWORD"
      : "Set the password in the environment variable PGPASSWORD",
  };
}

function notTrusted({ host }: PostgresAddress): Meaning {
  return {
    what: `TLS with ${host} cannot be trusted`,
    hint: "Its certificate must be from an authority that Deno trusts (DENO_CERT=FILE adds one), " +
      "or choose another sslmode in --database",
  };
}

function notCapable({ host, port }: PostgresAddress): Meaning {
  return {
    what: "Deno denies the connection",
    hint: permissionHint(`--allow-net=${host}:${port}`),
  };
}

function refused(cause: Error, { what, hint }: Meaning, address: PostgresAddress): UserError {
  return new UserError(`Cannot use the database ${formatDatabase(address)}: ${what}`, {
    hint,
    cause,
  });
}

function quoteName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

function shortReason(error: Error, code: string): string {
  switch (code) {
    case "ECONNREFUSED":
      return "no server answers there (connection refused)";
    case "ENOTFOUND":
      return "the host name cannot be resolved";
    case "CONNECT_TIMEOUT":
      return "it does not answer in time";
    case "CONNECTION_CLOSED":
    case "CONNECTION_ENDED":
    case "CONNECTION_DESTROYED":
    case "ECONNRESET":
    case "EPIPE":
      return "the connection was cut";
    default:
      return error.message;
  }
}
