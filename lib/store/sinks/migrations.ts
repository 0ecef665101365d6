import { UserError } from "../../shared/error.ts";

/** One step from a version of the tables to the next. */
export interface Migration {
  /** The statements in SQLite's dialect. */
  readonly sqlite: string;
  /** The statements in PostgreSQL's dialect. */
  readonly postgres: string;
}

/**
 * All steps in order. The version of a database is the number of steps that it has seen. A released
 * step is never changed; a new one is added.
 *
 * Both dialects have the same tables and columns. Times are `timestamptz` in PostgreSQL. SQLite has
 * no such type, so `time_ms` is stored there, and `time` is generated from it for people. Pages are
 * found by their title alone: few wikis share a title, and a wide index is the most expensive part.
 */
const MIGRATIONS: readonly Migration[] = [{
  sqlite: `
    CREATE TABLE topics (
      topic_id INTEGER PRIMARY KEY,
      cluster_id TEXT NOT NULL,
      topic TEXT NOT NULL,
      UNIQUE (cluster_id, topic)
    ) STRICT;
    CREATE TABLE positions (
      topic_id INTEGER NOT NULL REFERENCES topics,
      partition INTEGER NOT NULL,
      next_offset INTEGER NOT NULL,
      epoch INTEGER NOT NULL,
      group_id TEXT NOT NULL,
      PRIMARY KEY (topic_id, partition)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE edits (
      topic_id INTEGER NOT NULL,
      partition INTEGER NOT NULL,
      record_offset INTEGER NOT NULL,
      time_ms INTEGER NOT NULL,
      time TEXT GENERATED ALWAYS AS
        (strftime('%Y-%m-%dT%H:%M:%fZ', time_ms / 1000.0, 'unixepoch')) VIRTUAL,
      type TEXT,
      change_id INTEGER,
      domain TEXT NOT NULL,
      namespace TEXT,
      title TEXT NOT NULL,
      user_name TEXT,
      is_bot INTEGER CHECK (is_bot IN (0, 1)),
      old_length INTEGER,
      new_length INTEGER,
      event TEXT,
      PRIMARY KEY (topic_id, partition, record_offset)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX edits_time ON edits (time_ms);
    CREATE INDEX edits_wiki ON edits (domain, time_ms);
    CREATE INDEX edits_user ON edits (user_name, time_ms);
    CREATE INDEX edits_page ON edits (title);
    CREATE TABLE bad_records (
      topic_id INTEGER NOT NULL,
      partition INTEGER NOT NULL,
      record_offset INTEGER NOT NULL,
      time_ms INTEGER,
      reason TEXT NOT NULL,
      value BLOB,
      value_size INTEGER NOT NULL,
      is_cut INTEGER NOT NULL CHECK (is_cut IN (0, 1)),
      PRIMARY KEY (topic_id, partition, record_offset)
    ) STRICT;
  `,
  postgres: `
    CREATE TABLE topics (
      topic_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      cluster_id text NOT NULL,
      topic text NOT NULL,
      UNIQUE (cluster_id, topic)
    );
    CREATE TABLE positions (
      topic_id integer NOT NULL REFERENCES topics,
      partition integer NOT NULL,
      next_offset bigint NOT NULL,
      epoch bigint NOT NULL,
      group_id text NOT NULL,
      PRIMARY KEY (topic_id, partition)
    );
    CREATE TABLE edits (
      topic_id integer NOT NULL,
      partition integer NOT NULL,
      record_offset bigint NOT NULL,
      time timestamptz NOT NULL,
      type text,
      change_id bigint,
      domain text NOT NULL,
      namespace text,
      title text NOT NULL,
      user_name text,
      is_bot boolean,
      old_length bigint,
      new_length bigint,
      event text,
      PRIMARY KEY (topic_id, partition, record_offset)
    );
    CREATE INDEX edits_time ON edits (time);
    CREATE INDEX edits_wiki ON edits (domain, time);
    CREATE INDEX edits_user ON edits (user_name, time);
    CREATE INDEX edits_page ON edits (title);
    CREATE TABLE bad_records (
      topic_id integer NOT NULL,
      partition integer NOT NULL,
      record_offset bigint NOT NULL,
      time timestamptz,
      reason text NOT NULL,
      value bytea,
      value_size integer NOT NULL,
      is_cut boolean NOT NULL,
      PRIMARY KEY (topic_id, partition, record_offset)
    );
  `,
}, {
  sqlite: "ALTER TABLE topics ADD COLUMN kafka_id TEXT",
  postgres: "ALTER TABLE topics ADD COLUMN kafka_id text",
}];

/** The table that holds the database's own id and version, in one row. */
export const VERSION_TABLE = `
  CREATE TABLE wikitap (database_id text NOT NULL, version integer NOT NULL)
`;

/**
 * Returns the steps that a database of `version` has not seen.
 *
 * @throws {UserError} if it has seen more steps than there are: a later wikitap created it.
 */
export function pendingMigrations(version: number): readonly Migration[] {
  if (version > MIGRATIONS.length) {
    throw new UserError(
      `Cannot use tables of version ${version}: expected at most version ${MIGRATIONS.length}`,
      { hint: "Use the version of wikitap that created them, or a later one" },
    );
  }
  return MIGRATIONS.slice(version);
}
