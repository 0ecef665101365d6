import type { DatabaseSync } from "node:sqlite";

const TABLES = {
  edits: `topic TEXT, partition INTEGER, record_offset INTEGER, time_ms INTEGER, type TEXT,
    change_id INTEGER, domain TEXT, namespace TEXT, title TEXT, user_name TEXT, is_bot INTEGER,
    old_length INTEGER, new_length INTEGER, event TEXT`,
  bad_records: `topic TEXT, partition INTEGER, record_offset INTEGER, time_ms INTEGER,
    reason TEXT, value BLOB, value_size INTEGER, is_cut INTEGER`,
  wikitap: "version INTEGER",
} as const;

/** Creates tables like those of the SQL databases, for rows that are stored elsewhere. */
export function createTables(database: DatabaseSync): void {
  for (const [name, columns] of Object.entries(TABLES)) {
    database.exec(`CREATE TABLE ${name} (${columns})`);
  }
}

/** Inserts a row, given by the names of its columns. */
export function insertRow(
  database: DatabaseSync,
  table: keyof typeof TABLES,
  row: Readonly<Record<string, unknown>>,
): void {
  const names = Object.keys(row);
  const values = Object.values(row).map(sqlValue);
  database.prepare(`INSERT INTO ${table} (${names}) VALUES (${names.map(() => "?")})`)
    .run(...values);
}

function sqlValue(value: unknown) {
  if (value instanceof Date) return value.getTime();
  if (typeof value === "boolean") return Number(value);
  return (value ?? null) as string | number | bigint | Uint8Array | null;
}
