import type postgres from "postgres";
import type { PostgresAddress } from "../address.ts";
import { pendingMigrations, VERSION_TABLE } from "./migrations.ts";
import { CONNECTIONS, PostgresConnection } from "./postgres_connection.ts";
import { checkEncoding, notReachable } from "./postgres_failure.ts";
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
  type TopicName,
  type WriteOutcome,
} from "../sink.ts";

/** The number of simultaneous batches; one connection is left for claims. */
const CONCURRENCY = CONNECTIONS - 1;

/** The lock that makes updates of the tables exclusive: "wikitap" in ASCII. */
const MIGRATION_LOCK = 0x77_69_6b_69_74_61_70n;

/**
 * Opens a PostgreSQL database for writing. Its tables are created or updated.
 *
 * @throws {UserError} for a database that cannot be reached or used. The start does not wait for
 * it.
 */
export async function openPostgresSink(
  address: PostgresAddress,
  password: string | undefined,
): Promise<Sink> {
  const connection = new PostgresConnection(address, password);
  try {
    const databaseId = await connection.run(async (sql) => {
      const [setting] = await sql<{ server_encoding: string }[]>`SHOW server_encoding`;
      checkEncoding(setting!.server_encoding, address);
      return await migrate(sql);
    });
    return new PostgresSink(connection, databaseId);
  } catch (error) {
    await connection.close();
    throw error instanceof SinkUnavailable ? notReachable(error, address) : error;
  }
}

/** Updates the tables, and returns the database's id. */
async function migrate(sql: postgres.Sql): Promise<string> {
  return await sql.begin(async (sql) => {
    await sql`SELECT pg_advisory_xact_lock(${String(MIGRATION_LOCK)})`;
    const [table] = await sql`SELECT to_regclass('wikitap') AS name`;
    if (table?.name === null) {
      await sql.unsafe(VERSION_TABLE);
      await sql`INSERT INTO wikitap VALUES (${crypto.randomUUID()}, 0)`;
    }
    const [row] = await sql<{ database_id: string; version: number }[]>`
      SELECT database_id, version FROM wikitap`;
    const pending = pendingMigrations(row!.version);
    for (const { postgres } of pending) await sql.unsafe(postgres);
    await sql`UPDATE wikitap SET version = ${row!.version + pending.length}`;
    return row!.database_id;
  });
}

class PostgresSink implements Sink {
  readonly concurrency = CONCURRENCY;
  readonly advice = SQL_ADVICE;
  readonly databaseId: string;
  readonly #connection: PostgresConnection;

  constructor(connection: PostgresConnection, databaseId: string) {
    this.#connection = connection;
    this.databaseId = databaseId;
  }

  addTopic(wanted: TopicName): Promise<number> {
    const { clusterId, topic, kafkaId } = wanted;
    return this.#connection.run(async (sql) => {
      const [row] = await sql<{ topicId: number; kafkaId: string | null }[]>`
        INSERT INTO topics (cluster_id, topic, kafka_id) VALUES (${clusterId}, ${topic}, ${kafkaId})
        ON CONFLICT (cluster_id, topic)
        DO UPDATE SET kafka_id = coalesce(topics.kafka_id, excluded.kafka_id)
        RETURNING topic_id AS "topicId", kafka_id AS "kafkaId"`;
      checkSameTopic(wanted, row!, this.advice);
      return row!.topicId;
    });
  }

  claim({ topicId, partition, group, first }: ClaimRequest): Promise<Claim> {
    return this.#connection.run(async (sql) => {
      const [row] = await sql<{ next: string; epoch: string }[]>`
        INSERT INTO positions (topic_id, partition, next_offset, epoch, group_id)
        VALUES (${topicId}, ${partition}, ${String(first)}, 1, ${group})
        ON CONFLICT (topic_id, partition)
        DO UPDATE SET epoch = positions.epoch + 1, group_id = excluded.group_id
        RETURNING next_offset AS next, epoch`;
      return { topicId, partition, next: BigInt(row!.next), epoch: BigInt(row!.epoch) };
    });
  }

  write(batch: SinkBatch): Promise<WriteOutcome> {
    const { claim, next, rows } = batch;
    const { topicId, partition, epoch } = claim;
    return this.#connection.run(async (sql) => {
      const columns = [
        topicId,
        partition,
        String(epoch),
        String(claim.next),
        String(next),
        ...editColumns(rows.edits),
        ...badColumns(rows.bad),
      ];
      const moved = await sql.unsafe(WRITE, columns).catch((error) => {
        if (error.code !== UNIQUE_VIOLATION) throw error;
        return sql.unsafe(WRITE_MISSING, columns);
      });
      if (moved.length > 0) return { claim: { ...claim, next } };
      const [row] = await sql<{ next: string; epoch: string; group: string }[]>`
        SELECT next_offset AS next, epoch, group_id AS "group" FROM positions
        WHERE topic_id = ${topicId} AND partition = ${partition}`;
      const stored = row && { ...row, next: BigInt(row.next), epoch: BigInt(row.epoch) };
      return outcomeOf(batch, stored);
    });
  }

  flush(): Promise<readonly never[]> {
    return Promise.resolve([]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#connection.close();
  }
}

/**
 * Writes offset and rows in one statement, which is a transaction by itself. It takes one round
 * trip, and nothing is ever left open on the server. Each column is an array: the fastest way to
 * insert many rows.
 */
const WRITE = writeWith("");

/**
 * The same for rows of which some exist: a person has moved the offset back. It is not the usual
 * statement, since it takes the server a quarter more work.
 */
const WRITE_MISSING = writeWith("ON CONFLICT DO NOTHING");

/** PostgreSQL's code for rows that exist. */
const UNIQUE_VIOLATION = "23505";

function writeWith(onConflict: string): string {
  return `
  WITH moved AS (
    UPDATE positions SET next_offset = $5::bigint
    WHERE topic_id = $1 AND partition = $2 AND epoch = $3::bigint AND next_offset = $4::bigint
    RETURNING topic_id, partition
  ), edit AS (
    INSERT INTO edits (topic_id, partition, record_offset, time, type, change_id, domain,
      namespace, title, user_name, is_bot, old_length, new_length, event)
    SELECT moved.topic_id, moved.partition, record_offset,
      to_timestamp(time_ms::double precision / 1000), type, change_id, domain,
      namespace, title, user_name, is_bot, old_length, new_length, event
    FROM moved, unnest($6::bigint[], $7::bigint[], $8::text[], $9::bigint[], $10::text[],
      $11::text[], $12::text[], $13::text[], $14::boolean[], $15::bigint[], $16::bigint[],
      $17::text[]) AS row(record_offset, time_ms, type, change_id, domain, namespace, title,
      user_name, is_bot, old_length, new_length, event)
    ${onConflict}
  ), bad AS (
    INSERT INTO bad_records
      (topic_id, partition, record_offset, time, reason, value, value_size, is_cut)
    SELECT moved.topic_id, moved.partition, record_offset,
      to_timestamp(time_ms::double precision / 1000), reason, value, value_size, is_cut
    FROM moved, unnest($18::bigint[], $19::bigint[], $20::text[], $21::bytea[], $22::integer[],
      $23::boolean[]) AS row(record_offset, time_ms, reason, value, value_size, is_cut)
    ${onConflict}
  )
  SELECT 1 FROM moved
`;
}

/** Returns columns as array literals: texts, so the client need not know the types of arrays. */
function editColumns(rows: readonly EditRow[]): string[] {
  return [
    arrayLiteral(rows.map(({ offset }) => offset)),
    arrayLiteral(rows.map(({ time }) => time)),
    arrayLiteral(rows.map(({ type }) => type)),
    arrayLiteral(rows.map(({ changeId }) => changeId)),
    arrayLiteral(rows.map(({ domain }) => domain)),
    arrayLiteral(rows.map(({ namespace }) => namespace)),
    arrayLiteral(rows.map(({ title }) => title)),
    arrayLiteral(rows.map(({ userName }) => userName)),
    arrayLiteral(rows.map(({ isBot }) => isBot)),
    arrayLiteral(rows.map(({ oldLength }) => oldLength)),
    arrayLiteral(rows.map(({ newLength }) => newLength)),
    arrayLiteral(rows.map(({ event }) => event)),
  ];
}

function badColumns(rows: readonly BadRow[]): string[] {
  return [
    arrayLiteral(rows.map(({ offset }) => offset)),
    arrayLiteral(rows.map(({ time }) => time)),
    arrayLiteral(rows.map(({ reason }) => reason)),
    arrayLiteral(rows.map(({ value }) => value && `\\x${value.toHex()}`)),
    arrayLiteral(rows.map(({ size }) => size)),
    arrayLiteral(rows.map(({ isCut }) => isCut)),
  ];
}

/** Formats an array in PostgreSQL's text form (its manual, 8.15.2): `{1,NULL,"a \\"word\\""}`. */
export function arrayLiteral(
  values: readonly (string | number | bigint | boolean | null)[],
): string {
  const elements = values.map((value) =>
    typeof value === "string" ? `"${value.replace(/["\\]/g, "\\$&")}"` : value ?? "NULL"
  );
  return `{${elements.join(",")}}`;
}
