import { createInterface } from "node:readline";
import { createReadStream } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { type CheckedRecord, Checker, type Verdict } from "../chaos/harness/checker.ts";
import type { Expected } from "../chaos/harness/expected.ts";
import type { Cluster } from "../../lib/kafka/client/cluster.ts";
import { readTopic } from "../../lib/kafka/consume/reader.ts";
import type { TestDatabase } from "../support/databases/postgres.ts";

type Edits = Pick<Expected, "edits">;

/** Compares a topic with what was served. */
export async function checkTopic(edits: Edits, cluster: Cluster, topic: string): Promise<Verdict> {
  const checker = new Checker(edits);
  await readTopic(cluster, {
    ...{ topic, from: "beginning", toEnd: true },
    handle: ({ partition, records }) => {
      for (const record of records) checker.take(partition, record);
    },
  });
  return checker.verdict;
}

/** Compares the output of `consume --output json` with what was served. */
export async function checkPrinted(edits: Edits, file: string): Promise<Verdict> {
  const checker = new Checker(edits);
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const { partition, offset, key, value } = JSON.parse(line);
    checker.take(partition, recordOf(offset, key, value));
  }
  return checker.verdict;
}

/** A row of the table `edits`, the same in both databases. */
interface Row {
  readonly partition: number;
  readonly record_offset: number | string;
  readonly domain: string;
  readonly title: string;
  readonly change_id: number | string;
}

const ROWS = `
  SELECT partition, record_offset, domain, title, change_id FROM edits
  ORDER BY topic_id, partition, record_offset`;

export function checkSqlite(edits: Edits, file: string): Verdict {
  using database = new DatabaseSync(file, { readOnly: true });
  const checker = new Checker(edits);
  for (const row of database.prepare(ROWS).iterate()) takeRow(checker, row as unknown as Row);
  return checker.verdict;
}

export async function checkPostgres(edits: Edits, { sql }: TestDatabase): Promise<Verdict> {
  const checker = new Checker(edits);
  for await (const rows of sql.unsafe<Row[]>(ROWS).cursor(10_000)) {
    for (const row of rows) takeRow(checker, row);
  }
  return checker.verdict;
}

function takeRow(checker: Checker, row: Row): void {
  const { partition, record_offset, domain, title, change_id } = row;
  const value = JSON.stringify({ domain, id: Number(change_id) });
  checker.take(partition, recordOf(record_offset, `${domain}/${title}`, value));
}

const encoder = new TextEncoder();

function recordOf(offset: number | string, key: string, value: string): CheckedRecord {
  return { key: encoder.encode(key), value: encoder.encode(value), offset: String(offset) };
}
