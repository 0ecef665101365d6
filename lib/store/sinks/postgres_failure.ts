import { permissionHint, UserError } from "../../shared/error.ts";
import { formatDatabase, type PostgresAddress } from "../address.ts";
import { NOT_OURS, Unavailable } from "../sink.ts";

/** What a condition of the server means to a person. */
interface Meaning {
  readonly what: string;
  readonly hint: string;
}

/** What a hint may have to name. */
interface Context {
  readonly address: PostgresAddress;
  readonly hasPassword: boolean;
}

/** A condition of the server, by its SQLSTATE. */
type Condition =
  /** Waited out while running; at the start the hint helps. Default `what`: the server's words. */
  | { readonly passes: true; readonly what?: string; readonly hint: string }
  | { readonly passes: false; readonly meaning: (context: Context) => Meaning };

/** SQLSTATEs (PostgreSQL's manual, appendix A) that mean something to a person. */
const CONDITIONS: Readonly<Record<string, Condition>> = {
  "08P01": { passes: true, hint: "Look into the log of the pooler or proxy at that address" },
  "25006": {
    passes: true,
    what: "it is read-only",
    hint: "If it is a standby, give the address of the primary",
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
    hint: "It creates tables once, and writes to them: let it own the database",
  })),
  "42P07": ending(otherTables),
  "42703": ending(otherTables),
  "53100": ending(() => ({
    what: "its disk is full",
    hint: "Make room and start again: it goes on where it was",
  })),
  "57P04": ending(({ address: { database } }) => ({
    what: `the database '${database}' was dropped`,
    hint: "Create it again, or give another one in --database",
  })),
};

/**
 * What else passes: codes of connections, of Node and of the client; classes of SQLSTATEs:
 * connection exceptions, rollbacks because of others, out of resources, locks, cancellations,
 * shutdowns, time limits.
 */
const PASSING =
  /^(?:E(?!RR_)[A-Z_]+|CONNECT[A-Z_]+|08...|40001|40P01|53000|53200|53400|55006|55P03|57014|57P0[125]|25P0[34])$/;

/** How pgbouncer refuses a user or a password; its code is that of all its errors (08P01). */
const POOLER_LOGIN = /^(?:SASL authentication failed|no such user|password authentication failed)/;

/** What a pooler says of startup parameters (08P01), and of prepared statements. */
const POOLER = /^unsupported startup parameter/;
const LOST_STATEMENT: ReadonlySet<unknown> = new Set(["26000", "42P05"]);

/**
 * What an error of PostgreSQL means: `Unavailable` if the same may work later, a `UserError` if a
 * person has to do something, and otherwise the error itself.
 *
 * @param hasPassword Whether one was given, for what to do about a refusal.
 */
export function postgresFailure(
  error: unknown,
  address: PostgresAddress,
  hasPassword: boolean,
): unknown {
  if (!(error instanceof Error) || error instanceof UserError || error instanceof Unavailable) {
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
  return new Unavailable(what, { cause: error });
}

/** The failure of the very first connection: a person waits, so it is not retried. */
export function notReachable(error: Unavailable, address: PostgresAddress): UserError {
  const condition = CONDITIONS[String(codeOf(error.cause))];
  const needsTls = address.tls === "require" || address.tls === "verify-full";
  const hint = condition?.passes
    ? condition.hint
    : needsTls
    ? "Start PostgreSQL with TLS, or give another sslmode in --database"
    : "Start PostgreSQL, or check the address in --database";
  const verb = isServerError(error.cause) ? "use" : "reach";
  return new UserError(
    `Cannot ${verb} the database ${formatDatabase(address)}: ${error.message}`,
    { hint, cause: error.cause },
  );
}

/**
 * Whether a pooler stands before the server: it refuses startup parameters, or has lost a prepared
 * statement. Nothing was done then.
 */
export function isFromPooler(error: unknown): boolean {
  return LOST_STATEMENT.has(codeOf(error)) ||
    (error instanceof Error && POOLER.test(error.message));
}

/** Whether the server takes no writes: a standby, or a primary that is being switched over. */
export function isReadOnly(error: unknown): boolean {
  return codeOf(error) === "25006";
}

/** Whether the server, or a pooler in front of it, answered with an error. */
export function isServerError(error: unknown): boolean {
  return error instanceof Error && error.name === "PostgresError";
}

/**
 * Refuses a database that lacks letters of most of the world's languages. One of SQL_ASCII keeps
 * UTF-8 as it comes.
 */
export function checkEncoding(encoding: string, address: PostgresAddress): void {
  if (encoding === "UTF8" || encoding === "SQL_ASCII") return;
  throw new UserError(
    `Cannot use the database ${formatDatabase(address)}: its encoding is ${encoding}, not UTF8`,
    { hint: `Create another one: createdb --encoding UTF8 --template template0 NAME` },
  );
}

function ending(meaning: (context: Context) => Meaning): Condition {
  return { passes: false, meaning };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error ? (error as Error & { code?: unknown }).code : undefined;
}

/** A table is there already, or has other columns. */
function otherTables(): Meaning {
  return { what: NOT_OURS, hint: "Give a database of its own in --database" };
}

function wrongPassword({ address: { user }, hasPassword }: Context): Meaning {
  return {
    what: `it refused the user '${user}' or the password`,
    hint: hasPassword
      ? "Check the user in --database and the password in PGPASSWORD"
      : "Give the password in the environment variable PGPASSWORD",
  };
}

function notTrusted({ host }: PostgresAddress): Meaning {
  return {
    what: `there is no TLS with ${host} that can be trusted`,
    hint: "Its certificate must be from an authority that Deno trusts (DENO_CERT=FILE adds one), " +
      "or take another sslmode in --database",
  };
}

function notCapable({ host, port }: PostgresAddress): Meaning {
  return {
    what: "the program may not connect to it",
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
      return "nobody answers there (connection refused)";
    case "ENOTFOUND":
      return "the name of the host is not known";
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
