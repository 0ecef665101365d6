import { DatabaseSync } from "node:sqlite";
import type { Random } from "../../lib/replay/random.ts";
import { sleep } from "../../lib/shared/sleep.ts";
import { formatDatabase } from "../../lib/store/address.ts";
import { ownOpenSearch } from "../support/databases/opensearch.ts";
import { loadParquet } from "../support/databases/parquet.ts";
import { testPostgres } from "../support/databases/postgres.ts";
import { testFolder } from "../support/tools/folder.ts";

/** A database of the members, with its faults and its contents. */
export interface Place extends AsyncDisposable {
  readonly database: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Kills the database itself; does nothing to a file system. */
  hurt(random: Random, log: (line: string) => void): Promise<void>;
  /** Returns all rows: `PARTITION:OFFSET`, and the edit's number, null for a bad record. */
  rows(): Promise<readonly { readonly at: string; readonly id: number | null }[]>;
}

const ROWS = `
  SELECT partition || ':' || record_offset AS at, change_id AS id FROM edits
  UNION ALL SELECT partition || ':' || record_offset, NULL FROM bad_records`;

/** The databases, by the name of their sink. */
export const PLACES = {
  sqlite: sqlitePlace,
  postgres: postgresPlace,
  parquet: parquetPlace,
  opensearch: openSearchPlace,
};

/** Returns an SQLite file that the members share. */
async function sqlitePlace(): Promise<Place> {
  const folder = await testFolder();
  const file = `${folder.path}/edits.db`;
  return {
    database: `sqlite:${file}`,
    args: [],
    env: {},
    hurt: () => Promise.resolve(),
    rows() {
      using database = new DatabaseSync(file);
      return Promise.resolve(
        database.prepare(ROWS).all() as { at: string; id: number | null }[],
      );
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** Returns a PostgreSQL server that gets SIGQUIT and SIGKILL in turn. */
async function postgresPlace(): Promise<Place> {
  const server = await testPostgres();
  const database = await server.database();
  let isCrash = false;
  return {
    database: database.address,
    args: [],
    env: { PGPASSWORD: server.password },
    async hurt(random, log) {
      isCrash = !isCrash;
      const signal = isCrash ? "SIGKILL" : "SIGQUIT";
      log(`${signal} to PostgreSQL`);
      await server.stop(signal);
      await sleep(random.integer(500, 5000));
      await server.start();
    },
    async rows() {
      const rows = await database.sql.unsafe<{ at: string; id: string | null }[]>(ROWS);
      return rows.map(({ at, id }) => ({ at, id: id === null ? null : Number(id) }));
    },
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await server.stop();
    },
  };
}

/**
 * Returns a directory of Parquet files that are completed often, so that many kills interrupt it.
 */
async function parquetPlace(): Promise<Place> {
  const folder = await testFolder();
  const directory = `${folder.path}/edits`;
  return {
    database: `parquet:${directory}`,
    args: ["--parquet-file-interval", "500ms"],
    env: {},
    hurt: () => Promise.resolve(),
    async rows() {
      try {
        using database = await loadParquet(directory);
        return database.prepare(ROWS).all() as { at: string; id: number | null }[];
      } catch (error) {
        // No member has started yet.
        if (error instanceof Deno.errors.NotFound) return [];
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** Returns an OpenSearch server that gets SIGKILL. */
async function openSearchPlace(): Promise<Place> {
  const folder = await testFolder();
  const server = await ownOpenSearch(folder.path);
  const address = server.database();
  return {
    database: formatDatabase(address),
    args: [],
    env: {},
    async hurt(random, log) {
      log("SIGKILL to OpenSearch");
      await server.stop("KILL");
      await sleep(random.integer(500, 5000));
      await server.start();
    },
    async rows() {
      using tables = await server.load(address);
      return tables.prepare(ROWS).all() as { at: string; id: number | null }[];
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}
