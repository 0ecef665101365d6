import { UsageError } from "../shared/error.ts";

/** Where a database is; never with a password. */
export type DatabaseAddress = SqliteAddress | PostgresAddress | ParquetAddress;

/** A file of SQLite. */
export interface SqliteAddress {
  readonly kind: "sqlite";
  readonly file: string;
}

/** A directory of Parquet files. */
export interface ParquetAddress {
  readonly kind: "parquet";
  readonly directory: string;
}

/** A database on a PostgreSQL server. */
export interface PostgresAddress {
  readonly kind: "postgres";
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly tls: PostgresTls;
}

/**
 * `sslmode` as libpq has it: no TLS; TLS where the server has it (default); always TLS, with any
 * certificate; always TLS, with a certificate that is trusted and of that name.
 */
export type PostgresTls = typeof TLS_MODES[number];

const TLS_MODES = ["disable", "prefer", "require", "verify-full"] as const;

const EXPECTED = "expected sqlite:FILE, parquet:DIRECTORY or postgres://USER@HOST[:PORT]/DATABASE";

/**
 * Reads `sqlite:FILE`, `parquet:DIRECTORY` or `postgres://USER@HOST[:PORT]/DATABASE[?sslmode=…]`.
 *
 * @throws {Error} that says what was expected, for anything else.
 * @throws {UsageError} for a password, which is not for a command line that others can list.
 */
export function parseDatabase(text: string): DatabaseAddress {
  const file = /^sqlite:(.+)$/s.exec(text)?.[1];
  if (file !== undefined) return sqliteAddress(file);
  const directory = /^parquet:(.+?)[/\\]*$/s.exec(text)?.[1];
  if (directory !== undefined) return parquetAddress(directory);
  if (/^postgres(ql)?:[^@]*:[^]*@/.test(text)) throw hasPassword();
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) throw new Error(EXPECTED);
  return postgresAddress(new URL(text));
}

/** The address for people: as it was given, but for defaults. */
export function formatDatabase(address: DatabaseAddress): string {
  if (address.kind === "sqlite") return `sqlite:${address.file}`;
  if (address.kind === "parquet") return `parquet:${address.directory}`;
  const { user, host, port, database } = address;
  const name = host.includes(":") ? `[${host}]` : host;
  return `postgres://${encodeURIComponent(user)}@${name}:${port}/${encodeURIComponent(database)}`;
}

/**
 * The consumer group of those that write a database: `wikitap-store.<name>.<id>`. The id, which is
 * kept in the database itself, tells apart those that have the same address on different machines;
 * they would share the partitions, and each get a part.
 */
export function groupOf(address: DatabaseAddress, databaseId: string): string {
  const plain = nameOf(address).replaceAll(/[^a-zA-Z0-9._-]/g, "_").slice(0, 60);
  return `wikitap-store.${plain}.${databaseId.slice(0, 8)}`;
}

function nameOf(address: DatabaseAddress): string {
  switch (address.kind) {
    case "sqlite":
      return address.file.replace(/^.*[/\\]/, "").replace(/\.(db|sqlite3?)$/, "");
    case "parquet":
      return address.directory.replace(/^.*[/\\]/, "");
    case "postgres":
      return address.database;
  }
}

/** Directories on this machine only: `parquet:s3://…` would otherwise be a local name. */
function parquetAddress(directory: string): ParquetAddress {
  if (/^[a-z0-9+]+:\/\//i.test(directory)) throw new Error("expected a directory of this machine");
  return { kind: "parquet", directory };
}

function sqliteAddress(file: string): SqliteAddress {
  // Every connection would have a database of its own, and lose it at the end.
  if (/^:memory:|^file:/.test(file)) throw new Error("expected the name of a file");
  return { kind: "sqlite", file };
}

function postgresAddress(url: URL): PostgresAddress {
  if (url.password !== "") throw hasPassword();
  const database = decodeURIComponent(url.pathname.slice(1));
  if (url.hostname === "" || url.username === "" || database === "" || url.hash !== "") {
    throw new Error(EXPECTED);
  }
  return {
    kind: "postgres",
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? 5432 : Number(url.port),
    database,
    user: decodeURIComponent(url.username),
    tls: tlsMode(url.searchParams),
  };
}

/** Does not show the address. */
function hasPassword(): UsageError {
  return new UsageError("The address of the database holds a password", {
    hint: "Leave it out there, and give it in the environment variable PGPASSWORD",
  });
}

function tlsMode(parameters: URLSearchParams): PostgresTls {
  const other = [...parameters.keys()].find((name) => name !== "sslmode");
  if (other === "password") throw hasPassword();
  if (other !== undefined) throw new Error(`'${other}' is not known there, only sslmode`);
  const text = parameters.get("sslmode") ?? "prefer";
  const mode = TLS_MODES.find((mode) => mode === text);
  if (mode === undefined) throw new Error(`expected an sslmode of ${TLS_MODES.join(", ")}`);
  return mode;
}
