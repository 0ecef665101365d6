import { DatabaseSync } from "node:sqlite";
import { formatDuration } from "../../shared/duration.ts";
import { UserError } from "../../shared/error.ts";
import {
  type DatabaseAddress,
  formatDatabase,
  type OpenSearchAddress,
  type ParquetAddress,
  type PostgresAddress,
  type SqliteAddress,
} from "../address.ts";
import { type Limits, PostgresConnection } from "../sinks/postgres_connection.ts";
import { notReachable } from "../sinks/postgres_failure.ts";
import { type Question, type Scope, sqlOf } from "./questions.ts";
import { SinkUnavailable } from "../sink.ts";
import { sqliteFailure, stillLocked } from "../sinks/sqlite_failure.ts";

/** One row of an answer: numbers and texts by column, in the order of the question. */
export type AnswerRow = Readonly<Record<string, string | number | null>>;

/** A database that is only read. */
export interface Reader extends AsyncDisposable {
  /**
   * Answers a question.
   *
   * @throws {UserError} if nothing has ever been stored there, if the database is unavailable or
   * locked, or if the question takes too long.
   */
  ask(question: Question, scope: Scope): Promise<readonly AnswerRow[]>;
}

/** The time limits of questions, in ms. */
export interface ReadLimits extends Limits {
  /** How long a question to SQLite waits for the lock; it blocks the whole program. */
  readonly lock: number;
}

/** The default limits: a question may be about a hundred million edits. */
const READING: ReadLimits = { statement: 600_000, answer: 610_000, lock: 5000 };

/**
 * Opens the database at `address` for questions. Nothing in it is changed.
 *
 * @param limits By default PostgreSQL may take 10 min, and SQLite any time.
 * @throws {UserError} for Parquet files, with a query for DuckDB; for OpenSearch, with one for
 * curl.
 */
export function openReader(
  address: DatabaseAddress,
  password: string | undefined,
  limits: ReadLimits = READING,
): Reader {
  if (address.kind === "parquet") throw noReportOnParquet(address);
  if (address.kind === "opensearch") throw noReportOnOpenSearch(address);
  const { query, close } = address.kind === "sqlite"
    ? sqliteReader(address.file, limits.lock)
    : postgresReader(new PostgresConnection(address, password, limits));
  return {
    async ask(question, scope) {
      try {
        return await query(sqlOf(question, address.kind, scope));
      } catch (error) {
        if (error instanceof SinkUnavailable) throw notAnswered(error, address, limits);
        throw isEmpty(error) ? nothingStored(address) : error;
      }
    },
    [Symbol.asyncDispose]: close,
  };
}

/** A database that answers SQL itself. */
type SqlAddress = SqliteAddress | PostgresAddress;

/** Returns the error for Parquet: engines that read it answer better, and its users have one. */
function noReportOnParquet(address: ParquetAddress): UserError {
  const files = `${address.directory}/date=*/*.parquet`.replaceAll("'", "''");
  return new UserError(`Cannot report on '${formatDatabase(address)}': the edits are in Parquet`, {
    hint: `Ask DuckDB: duckdb -c "SELECT domain AS wiki, count(*) AS edits FROM '${files}' ` +
      'GROUP BY ALL ORDER BY edits DESC LIMIT 10"',
  });
}

/** Returns the error for OpenSearch: its queries are not SQL, and dashboards serve them better. */
function noReportOnOpenSearch(address: OpenSearchAddress): UserError {
  const { url, index } = address;
  const what = "its queries are in SQL, expected SQLite or PostgreSQL";
  return new UserError(`Cannot report on '${formatDatabase(address)}': ${what}`, {
    hint: `Ask OpenSearch: curl '${url}/${index}/_search?size=0&pretty' ` +
      "-H 'Content-Type: application/json' " +
      `-d '{"aggs":{"wikis":{"terms":{"field":"domain"}}}}'`,
  });
}

interface Access {
  readonly query: (sql: string) => Promise<AnswerRow[]>;
  readonly close: () => Promise<void>;
}

function sqliteReader(file: string, timeout: number): Access {
  return {
    query(sql) {
      try {
        using database = new DatabaseSync(file, { readOnly: true });
        // Deno ignores the timeout of a read-only database.
        database.exec(`PRAGMA busy_timeout = ${timeout}`);
        return Promise.resolve(database.prepare(sql).all() as AnswerRow[]);
      } catch (error) {
        return Promise.reject(sqliteFailure(error, file));
      }
    },
    close: () => Promise.resolve(),
  };
}

function postgresReader(connection: PostgresConnection): Access {
  return {
    query: (sql) =>
      connection.run(async (client) => {
        const rows = await client.unsafe(sql);
        const numeric = new Set(
          rows.columns.filter(({ type }) => NUMERIC.has(type)).map(({ name }) => name),
        );
        // The client leaves these as text, since they may be too large for a number; here they are
        // not.
        return rows.map((row) =>
          Object.fromEntries(
            Object.entries(row).map(([name, value]) => [
              name,
              numeric.has(name) && value !== null ? Number(value) : value,
            ]),
          )
        );
      }),
    close: () => connection.close(),
  };
}

/** `int8` and `numeric` (`pg_type.oid`). */
const NUMERIC: ReadonlySet<number> = new Set([20, 1700]);

/** Returns the error of an unanswered question. A person waits, so there is no retry. */
function notAnswered(error: SinkUnavailable, address: SqlAddress, limits: Limits): UserError {
  if (address.kind === "sqlite") return stillLocked(error, address.file);
  if ((error.cause as { code?: unknown } | undefined)?.code !== QUERY_CANCELED) {
    return notReachable(error, address);
  }
  return new UserError(
    `Cannot answer the question: the database canceled it after ${
      formatDuration(limits.statement)
    }: ${error.message}`,
    { hint: "Ask about fewer edits: --last DURATION", cause: error.cause },
  );
}

/** PostgreSQL's code for a statement that took too long, or that was canceled. */
const QUERY_CANCELED = "57014";

/** Returns whether an error means that there are no tables or, for SQLite, not even the file. */
function isEmpty(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as Error & { code?: unknown };
  const words = error instanceof UserError ? String(error.cause) : error.message;
  return code === "42P01" || /no such table|unable to open database file/.test(words);
}

function nothingStored(address: SqlAddress): UserError {
  return new UserError(`Cannot report on '${formatDatabase(address)}': no edits are stored in it`, {
    hint: "Store edits there first: deno task store",
  });
}
