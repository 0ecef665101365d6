import { rightHint, UserError } from "../../shared/error.ts";
import { formatDatabase, type PostgresAddress } from "../address.ts";
import { NOT_OURS, Unavailable } from "../sink.ts";

/**
 * What passes by itself: codes of connections, of Node and of the client; classes of PostgreSQL's
 * error codes (its manual, appendix A): connection exceptions, rollbacks because of others, too
 * many connections, somebody ended it or it is starting.
 */
const PASSING =
  /^(?:E(?!RR_)[A-Z_]+|CONNECT[A-Z_]+|08...|40001|40P01|53300|55P03|57014|57P0[1235])$/;

/**
 * What an error of PostgreSQL means: `Unavailable` where the same may work later, a `UserError`
 * where a person has to do something, and else the error itself.
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
  const { code } = error as Error & { code?: unknown };
  if (error.name === "NotCapable" || code === "EPERM") return told(error, address, notCapable);
  if (typeof code !== "string") return error;
  const reason = REASONS[code];
  if (reason !== undefined) return told(error, address, reason, hasPassword);
  if (/^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED)/.test(code)) {
    return told(error, address, notTrusted);
  }
  return PASSING.test(code) ? new Unavailable(shortReason(error, code), { cause: error }) : error;
}

/** The failure of the very first connection: a person waits, so it is not tried again. */
export function notReachable(error: Unavailable, address: PostgresAddress): UserError {
  const needsTls = address.tls === "require" || address.tls === "verify-full";
  return new UserError(`Cannot reach the database ${formatDatabase(address)}: ${error.message}`, {
    hint: needsTls
      ? "Is it up, and does it speak TLS? If not, take another sslmode in --database"
      : "Start PostgreSQL, or check the address in --database",
    cause: error.cause,
  });
}

/**
 * Refuses a database that lacks letters of most of the world's languages. One of SQL_ASCII keeps
 * UTF-8 as it comes.
 */
export function checkEncoding(encoding: string, address: PostgresAddress): void {
  if (encoding === "UTF8" || encoding === "SQL_ASCII") return;
  throw new UserError(
    `Cannot use the database ${formatDatabase(address)}: its encoding is ${encoding}, not UTF8`,
    { hint: `Make another one: createdb --encoding UTF8 --template template0 NAME` },
  );
}

type Reason = (
  address: PostgresAddress,
  hasPassword: boolean,
) => { readonly what: string; readonly hint: string };

const REASONS: Readonly<Record<string, Reason>> = {
  "28P01": wrongPassword,
  "28000": wrongPassword,
  "3D000": ({ database }) => ({
    what: `there is no database '${database}'`,
    hint: `Make it: createdb ${database}`,
  }),
  "42501": ({ user }) => ({
    what: `the user '${user}' lacks a right`,
    hint: `It has to make tables once, and to write them: let it own the database`,
  }),
  "42P07": otherTables,
  "42703": otherTables,
  "25006": () => ({
    what: "it takes no writes",
    hint: "It may be a replica: give the address of the server that replicates",
  }),
  "53100": () => ({
    what: "its disk is full",
    hint: "Make room and start again: it goes on where it was",
  }),
};

/** A table is there already, or has other columns. */
function otherTables() {
  return { what: NOT_OURS, hint: "Give a database of its own in --database" };
}

function wrongPassword({ user }: PostgresAddress, hasPassword: boolean) {
  return {
    what: `it refused the user '${user}' or the password`,
    hint: hasPassword
      ? "Check the user in --database and the password in PGPASSWORD"
      : "Give the password in the environment variable PGPASSWORD",
  };
}

function notTrusted({ host }: PostgresAddress) {
  return {
    what: `there is no TLS with ${host} that can be trusted`,
    hint: "Its certificate must be from an authority that Deno trusts (DENO_CERT=FILE adds one), " +
      "or take another sslmode in --database",
  };
}

function notCapable({ host, port }: PostgresAddress) {
  return {
    what: "the program may not connect to it",
    hint: rightHint(`--allow-net=${host}:${port}`),
  };
}

function told(
  cause: Error,
  address: PostgresAddress,
  reason: Reason,
  hasPassword = false,
): UserError {
  const { what, hint } = reason(address, hasPassword);
  return new UserError(`Cannot use the database ${formatDatabase(address)}: ${what}`, {
    hint,
    cause,
  });
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
