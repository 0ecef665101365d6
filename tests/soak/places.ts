import { createInterface } from "node:readline";
import { createReadStream } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { Edit } from "../../lib/edits/message/edit.ts";
import type { VerifyReport } from "../../lib/verify/report.ts";
import type { Checker } from "../chaos/harness/checker.ts";
import type { TestDatabase } from "../support/databases/postgres.ts";

/** Compares the output of `consume --output json` with what was served. */
export async function checkPrinted(checker: Checker, file: string): Promise<VerifyReport> {
  for await (const line of createInterface({ input: createReadStream(file) })) {
    take(checker, JSON.parse(line));
  }
  return checker.end();
}

/** A row of the table `edits`, the same in both databases. */
type Row = Omit<Edit, "id" | "timestamp" | "user_type"> & {
  readonly partition: number;
  readonly record_offset: number | string;
  readonly time_ms: number | string;
  readonly change_id: number | string;
  readonly is_bot: number | boolean;
};

const rows = (time: string) => `
  SELECT partition, record_offset, ${time} AS time_ms, change_id, domain, namespace, title,
    user_name, is_bot, old_length, new_length
  FROM edits ORDER BY topic_id, partition, record_offset`;

export function checkSqlite(checker: Checker, file: string): VerifyReport {
  using database = new DatabaseSync(file, { readOnly: true });
  for (const row of database.prepare(rows("time_ms")).iterate()) {
    takeRow(checker, row as unknown as Row);
  }
  return checker.end();
}

export async function checkPostgres(
  checker: Checker,
  { sql }: TestDatabase,
): Promise<VerifyReport> {
  const time = "(extract(epoch FROM time) * 1000)::bigint";
  for await (const list of sql.unsafe<Row[]>(rows(time)).cursor(10_000)) {
    for (const row of list) takeRow(checker, row);
  }
  return checker.end();
}

function takeRow(checker: Checker, row: Row): void {
  const { partition, record_offset: offset, domain, title, old_length, new_length } = row;
  const timestamp = Number(row.time_ms);
  const edit: Edit = {
    id: Number(row.change_id),
    domain,
    namespace: row.namespace,
    title,
    timestamp: new Date(timestamp).toISOString(),
    user_name: row.user_name,
    user_type: row.is_bot ? "bot" : "human",
    old_length: old_length === null ? null : Number(old_length),
    new_length: new_length === null ? null : Number(new_length),
  };
  const [key, value] = [`${domain}/${title}`, JSON.stringify(edit)];
  take(checker, { partition, offset, timestamp, key, value });
}

interface Printed {
  readonly partition: number;
  readonly offset: number | string;
  readonly timestamp: number;
  readonly key: string;
  readonly value: string;
}

const encoder = new TextEncoder();

function take(checker: Checker, { partition, offset, timestamp, key, value }: Printed): void {
  checker.take(partition, {
    key: encoder.encode(key),
    value: encoder.encode(value),
    headers: {},
    offset: String(offset),
    timestamp: String(timestamp),
  });
}
