import { DatabaseSync, type StatementSync } from "node:sqlite";
import { retry } from "../../shared/retry.ts";
import { sleep } from "../../shared/sleep.ts";
import type { SqliteAddress } from "../address.ts";
import { pendingMigrations, VERSION_TABLE } from "./migrations.ts";
import type { BadRow, EditRow } from "../rows.ts";
import {
  checkSameTopic,
  type Claim,
  type ClaimRequest,
  outcomeOf,
  type Sink,
  type SinkBatch,
  SinkUnavailable,
  SQL_ADVICE,
  type StoredPosition,
  type TopicName,
  type WriteOutcome,
} from "../sink.ts";
import { sqliteFailure, stillLocked } from "./sqlite_failure.ts";

/** How long a statement waits while others write, in ms. It blocks the whole program. */
const BUSY_TIMEOUT = 100;
/** How long the start waits for the others by default, in ms. */
const OPEN_LIMIT = 10_000;
/** The wait between attempts to open, in ms. */
const OPEN_PAUSE = 50;

/**
 * `NORMAL` in WAL mode: after a power failure the last transactions may be missing, with both rows
 * and offsets, so they are read again. Every row touches pages all over the indexes. Hence a cache
 * of 64 MiB, and 256 MiB in the WAL before its pages are moved to the database file, which the disk
 * has to confirm.
 */
const SETTINGS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA cache_size = -65536;
  PRAGMA journal_size_limit = 67108864;
  PRAGMA wal_autocheckpoint = 65536;
`;

/**
 * Opens an SQLite file for writing. It is created or updated as necessary. Several processes may
 * use it at the same time; they take turns.
 *
 * @param limit How long to wait for others that hold the file's lock, in ms.
 * @throws {UserError} for a file that cannot be used, or is locked for longer than that.
 */
export async function openSqliteSink(
  { file }: SqliteAddress,
  limit: number = OPEN_LIMIT,
): Promise<Sink> {
  const isLocked = (error: unknown) => error instanceof SinkUnavailable;
  const policy = { firstWaitMs: OPEN_PAUSE, limitMs: limit };
  const open = () =>
    Promise.try(openNow, file).catch((error) => {
      throw sqliteFailure(error, file);
    });
  return await retry(open, isLocked, policy).catch((error) => {
    throw isLocked(error) ? stillLocked(error, file) : error;
  });
}

function openNow(file: string): Sink {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT });
  try {
    // Only now the settings: they change a file, which might have belonged to another program.
    const databaseId = inTransaction(database, () => migrate(database));
    database.exec(SETTINGS);
    return new SqliteSink(file, database, databaseId);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Updates the tables, and returns the database's id. */
function migrate(database: DatabaseSync): string {
  const isNew = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'wikitap'").get() ===
    undefined;
  if (isNew) {
    database.exec(VERSION_TABLE);
    database.prepare("INSERT INTO wikitap VALUES (?, 0)").run(crypto.randomUUID());
  }
  const { database_id, version } = database.prepare("SELECT database_id, version FROM wikitap")
    .get() as { database_id: string; version: number };
  const pending = pendingMigrations(version);
  for (const { sqlite } of pending) database.exec(sqlite);
  database.prepare("UPDATE wikitap SET version = ?").run(version + pending.length);
  return database_id;
}

/**
 * Takes the write lock at once: two that read first and then both want to write block each other.
 */
function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite has already rolled back after some errors, such as a full disk.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

class SqliteSink implements Sink {
  readonly concurrency = 8;
  readonly advice = SQL_ADVICE;
  readonly databaseId: string;
  readonly #waiting: SinkBatch[] = [];
  /** The transaction of all of these; its outcomes are in the same order. */
  #transaction: Promise<WriteOutcome[]> | undefined;
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;

  constructor(file: string, database: DatabaseSync, databaseId: string) {
    this.#file = file;
    this.#database = database;
    this.#statements = prepare(database);
    this.databaseId = databaseId;
  }

  addTopic(wanted: TopicName): Promise<number> {
    return this.#run(({ addTopic }) => {
      const { clusterId, topic, kafkaId } = wanted;
      const row = addTopic.get(clusterId, topic, kafkaId) as {
        topicId: number;
        kafkaId: string | null;
      };
      checkSameTopic(wanted, row, this.advice);
      return row.topicId;
    });
  }

  claim({ topicId, partition, group, first }: ClaimRequest): Promise<Claim> {
    return this.#run(({ claim }) => {
      const row = claim.get(topicId, partition, first, group) as { next: bigint; epoch: bigint };
      return { topicId, partition, ...row };
    });
  }

  /**
   * Writes a batch. Simultaneous batches share a transaction, whose cost is the pages it touches.
   */
  async write(batch: SinkBatch): Promise<WriteOutcome> {
    const index = this.#waiting.push(batch) - 1;
    this.#transaction ??= sleep(0).then(() => {
      const batches = this.#waiting.splice(0);
      this.#transaction = undefined;
      return this.#run((statements) => batches.map((batch) => writeBatch(statements, batch)));
    });
    return (await this.#transaction)[index]!;
  }

  flush(): Promise<readonly never[]> {
    return Promise.resolve([]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#database.close();
    return Promise.resolve();
  }

  /** Runs one transaction, which is complete when it returns. */
  #run<T>(work: (statements: Statements) => T): Promise<T> {
    try {
      return Promise.resolve(inTransaction(this.#database, () => work(this.#statements)));
    } catch (error) {
      return Promise.reject(sqliteFailure(error, this.#file));
    }
  }
}

/** Writes a batch. A lost claim changes nothing, so the transaction's other batches are valid. */
function writeBatch(statements: Statements, batch: SinkBatch): WriteOutcome {
  const { advance, position, insertEdit, insertBad } = statements;
  const { claim, next, rows } = batch;
  const { topicId, partition, epoch } = claim;
  if (advance.run(next, topicId, partition, epoch, claim.next).changes === 0) {
    return outcomeOf(batch, position.get(topicId, partition) as StoredPosition | undefined);
  }
  for (const edit of rows.edits) insertEdit.run(topicId, partition, ...editColumns(edit));
  for (const bad of rows.bad) insertBad.run(topicId, partition, ...badColumns(bad));
  return { claim: { ...claim, next } };
}

interface Statements {
  readonly addTopic: StatementSync;
  readonly claim: StatementSync;
  readonly advance: StatementSync;
  readonly position: StatementSync;
  readonly insertEdit: StatementSync;
  readonly insertBad: StatementSync;
}

function prepare(database: DatabaseSync): Statements {
  const withBigInts = (statement: StatementSync) => {
    statement.setReadBigInts(true);
    return statement;
  };
  return {
    addTopic: database.prepare(`
      INSERT INTO topics (cluster_id, topic, kafka_id) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET kafka_id = coalesce(kafka_id, excluded.kafka_id)
      RETURNING topic_id AS topicId, kafka_id AS kafkaId`),
    claim: withBigInts(database.prepare(`
      INSERT INTO positions (topic_id, partition, next_offset, epoch, group_id)
      VALUES (?, ?, ?, 1, ?)
      ON CONFLICT DO UPDATE SET epoch = epoch + 1, group_id = excluded.group_id
      RETURNING next_offset AS next, epoch`)),
    advance: database.prepare(`
      UPDATE positions SET next_offset = ?
      WHERE topic_id = ? AND partition = ? AND epoch = ? AND next_offset = ?`),
    position: withBigInts(database.prepare(`
      SELECT next_offset AS next, epoch, group_id AS "group" FROM positions
      WHERE topic_id = ? AND partition = ?`)),
    insertEdit: database.prepare(`
      INSERT INTO edits (topic_id, partition, record_offset, time_ms, type, change_id, domain,
        namespace, title, user_name, is_bot, old_length, new_length, event)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`),
    insertBad: database.prepare(`
      INSERT INTO bad_records
        (topic_id, partition, record_offset, time_ms, reason, value, value_size, is_cut)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`),
  };
}

function editColumns(edit: EditRow) {
  return [
    edit.offset,
    edit.time,
    edit.type,
    edit.changeId,
    edit.domain,
    edit.namespace,
    edit.title,
    edit.userName,
    edit.isBot === null ? null : Number(edit.isBot),
    edit.oldLength,
    edit.newLength,
    edit.event,
  ];
}

function badColumns({ offset, time, reason, value, size, isCut }: BadRow) {
  return [offset, time, reason, value, size, Number(isCut)];
}
