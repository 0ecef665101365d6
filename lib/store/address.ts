import { UsageError } from "../shared/error.ts";

/** The address of a database, without a password. */
export type DatabaseAddress =
  | SqliteAddress
  | PostgresAddress
  | ParquetAddress
  | OpenSearchAddress;

/** An SQLite file. */
export interface SqliteAddress {
  /** The kind of database. */
  readonly kind: "sqlite";
  /** The path of the file. */
  readonly file: string;
}

/** A directory of Parquet files. */
export interface ParquetAddress {
  /** The kind of database. */
  readonly kind: "parquet";
  /** The path of the directory. */
  readonly directory: string;
}

/** An index of OpenSearch or Elasticsearch. */
export interface OpenSearchAddress {
  /** The kind of database. */
  readonly kind: "opensearch";
  /** The cluster: scheme, host, port and path, without a trailing slash. */
  readonly url: string;
  /** The name of the index of edits. */
  readonly index: string;
}

/** A database on a PostgreSQL server. */
export interface PostgresAddress {
  /** The kind of database. */
  readonly kind: "postgres";
  /** The host name or IP address of the server. */
  readonly host: string;
  /** Its TCP port. */
  readonly port: number;
  /** The name of the database. */
  readonly database: string;
  /** The name of the user. */
  readonly user: string;
  /** When to use TLS. */
  readonly tls: PostgresTls;
}

/**
 * libpq's `sslmode`: no TLS; TLS if the server supports it (default); always TLS, with any
 * certificate; always TLS, with a trusted certificate for the host.
 */
export type PostgresTls = typeof TLS_MODES[number];

const TLS_MODES = ["disable", "prefer", "require", "verify-full"] as const;

const EXPECTED =
  "expected sqlite:FILE, parquet:DIRECTORY, postgres://USER@HOST[:PORT]/DATABASE or " +
  "opensearch:https://HOST[:PORT]/INDEX";

/**
 * Parses `sqlite:FILE`, `parquet:DIRECTORY`, `postgres://USER@HOST[:PORT]/DATABASE[?sslmode=…]` or
 * `opensearch:https://HOST[:PORT][/PATH]/INDEX`.
 *
 * @throws {Error} that names what was expected, for anything else.
 * @throws {UsageError} for a password, which others could read in the list of processes.
 */
export function parseDatabase(text: string): DatabaseAddress {
  const file = /^sqlite:(.+)$/s.exec(text)?.[1];
  if (file !== undefined) return sqliteAddress(file);
  const directory = /^parquet:(.+?)[/\\]*$/s.exec(text)?.[1];
  if (directory !== undefined) return parquetAddress(directory);
  const url = /^opensearch:(.*)$/s.exec(text)?.[1];
  if (url !== undefined) return openSearchAddress(url);
  if (/^postgres(ql)?:[^@]*:[^]*@/.test(text)) throw hasPassword("PGPASSWORD");
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) throw new Error(EXPECTED);
  return postgresAddress(new URL(text));
}

/** Formats an address for people: as it was given, with defaults. */
export function formatDatabase(address: DatabaseAddress): string {
  if (address.kind === "sqlite") return `sqlite:${address.file}`;
  if (address.kind === "parquet") return `parquet:${address.directory}`;
  if (address.kind === "opensearch") return `opensearch:${address.url}/${address.index}`;
  const { user, host, port, database } = address;
  const name = host.includes(":") ? `[${host}]` : host;
  return `postgres://${encodeURIComponent(user)}@${name}:${port}/${encodeURIComponent(database)}`;
}

/**
 * Returns the consumer group of all writers of a database: `wikitap-store.<name>.<id>`. The id is
 * stored in the database itself. It distinguishes databases with the same address on different
 * machines; their writers would otherwise share the partitions, and each get a part.
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
    case "opensearch":
      return address.index;
  }
}

/** Accepts local directories only: `parquet:s3://…` would otherwise be a local name. */
function parquetAddress(directory: string): ParquetAddress {
  if (/^[a-z0-9+]+:\/\//i.test(directory)) throw new Error("expected a directory of this machine");
  return { kind: "parquet", directory };
}

function sqliteAddress(file: string): SqliteAddress {
  // Every connection would have its own database, and lose it at the end.
  if (/^:memory:|^file:/.test(file)) throw new Error("expected the name of a file");
  return { kind: "sqlite", file };
}

function postgresAddress(url: URL): PostgresAddress {
  if (url.password !== "") throw hasPassword("PGPASSWORD");
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

/** Names of indices, short enough for the derived names (255 bytes are allowed). */
const INDEX = /^[a-z0-9][a-z0-9._-]{0,199}$/;

function openSearchAddress(text: string): OpenSearchAddress {
  if (/^[^/?#]*:\/\/[^/?#]*@/.test(text)) throw hasPassword("OPENSEARCH_AUTH");
  const url = URL.parse(text);
  const [, path = "", index = ""] = /^(.*)\/([^/]*)$/.exec(url?.pathname ?? "") ?? [];
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "") {
    throw new Error(EXPECTED);
  }
  if (!INDEX.test(index)) {
    throw new Error("expected an index of at most 200 of a-z, 0-9, '.', '_' and '-' at the end");
  }
  return { kind: "opensearch", url: `${url.origin}${path}`, index };
}

/** Returns the variable with the password or login for a database, if it may have one. */
export function secretVariable({ kind }: DatabaseAddress): SecretVariable | undefined {
  return kind === "postgres" ? "PGPASSWORD" : kind === "opensearch" ? "OPENSEARCH_AUTH" : undefined;
}

type SecretVariable = "PGPASSWORD" | "OPENSEARCH_AUTH";

/** Returns an error that does not show the address. */
function hasPassword(variable: SecretVariable): UsageError {
  return new UsageError("Cannot use a password in --database", {
    hint: `Remove it, and set the environment variable ${variable}`,
  });
}

function tlsMode(parameters: URLSearchParams): PostgresTls {
  const other = [...parameters.keys()].find((name) => name !== "sslmode");
  if (other === "password") throw hasPassword("PGPASSWORD");
  if (other !== undefined) throw new Error(`'${other}' is not known there, only sslmode`);
  const text = parameters.get("sslmode") ?? "prefer";
  const mode = TLS_MODES.find((mode) => mode === text);
  if (mode === undefined) throw new Error(`expected an sslmode of ${TLS_MODES.join(", ")}`);
  return mode;
}
