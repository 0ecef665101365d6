import { DatabaseSync } from "node:sqlite";
import { shell } from "../../lib/local/process/shell.ts";
import { formatDatabase, parseDatabase } from "../../lib/store/address.ts";
import { openSink } from "../../lib/store/sinks/open.ts";
import type { TestOpenSearch } from "../support/databases/opensearch.ts";
import type { TestPostgres } from "../support/databases/postgres.ts";
import { measure, type Measured } from "./store_measure.ts";
import { v8Flags } from "./tasks.ts";

/** The folder of the databases. */
export const DIRECTORY = ".local/bench-store";

/** The input and the target of a run. */
export interface Place {
  readonly brokers: string;
  readonly topic: string;
  readonly records: number;
  readonly batchSize: number;
  /** A Python with the packages of the other programs. */
  readonly python: string;
}

/** A run, and the size of the stored data. */
export interface Stored extends Measured {
  /** Bytes on the disk; `undefined` if that was not measured. */
  readonly bytes?: number;
}

/** A file with empty tables. */
async function emptySqlite(): Promise<string> {
  const file = `${DIRECTORY}/edits.db`;
  for (const end of ["", "-wal", "-shm"]) {
    await Deno.remove(`${file}${end}`).catch(() => {}); // of the run before
  }
  await using _sink = await openSink({ kind: "sqlite", file }, undefined);
  return file;
}

const wikitapFlags = ({ brokers, topic, records, batchSize }: Place, database: string) => [
  ...[Deno.execPath(), "run", "-q", "-A", ...v8Flags("store")],
  ...["--preload", "tests/bench/event_loop.ts"],
  ...["scripts/store.ts", "--bootstrap-server", brokers],
  ...["--topic", topic, "--database", database, "--max-messages", String(records)],
  ...["--batch-size", String(batchSize)],
];

/** Stores with wikitap in SQLite. */
export async function wikitapSqlite(place: Place): Promise<Stored> {
  const file = await emptySqlite();
  const measured = await measure(wikitapFlags(place, `sqlite:${file}`));
  checkSqlite(file, place.records);
  return measured;
}

/** Stores with kcat and SQLite's shell. */
export async function kcatSqlite({ brokers, topic, records }: Place): Promise<Stored | string> {
  if (await isMissing("kcat -V && sqlite3 --version")) return "there is no kcat or no sqlite3";
  const file = await emptySqlite();
  const measured = await measure(["sh", "tests/bench/store_kcat_sqlite.sh", brokers, topic, file]);
  checkSqlite(file, records);
  return measured;
}

/** Stores with wikitap in PostgreSQL. */
export async function wikitapPostgres(place: Place, server: TestPostgres): Promise<Stored> {
  await using database = await server.database();
  const env = { PGPASSWORD: server.password };
  const measured = await measure(wikitapFlags(place, database.address), env);
  check((await database.sql`SELECT count(*) FROM edits`)[0]!.count, place.records);
  return measured;
}

/** Stores with Python in PostgreSQL. */
export async function confluentPostgres(
  { brokers, topic, records, batchSize, python }: Place,
  server: TestPostgres,
): Promise<Stored | string> {
  if (await isMissing(`"$1" -c 'import confluent_kafka, psycopg'`, python)) {
    return "there is no Python with confluent-kafka and psycopg";
  }
  await using database = await server.database();
  await using _sink = await openSink(parseDatabase(database.address), server.password);
  const { port, password } = server;
  const { name } = database;
  const conninfo = `host=127.0.0.1 port=${port} user=${name} password=${password} dbname=${name}`;
  const measured = await measure([
    ...[python, "tests/bench/store_confluent.py", brokers, topic, conninfo],
    ...[String(records), String(batchSize)],
  ]);
  check((await database.sql`SELECT count(*) FROM edits`)[0]!.count, records);
  return measured;
}

/** Stores with wikitap in Parquet files. */
export async function wikitapParquet(place: Place): Promise<Stored> {
  const directory = await emptyDirectory();
  const measured = await measure(wikitapFlags(place, `parquet:${directory}`));
  check(await rowsIn(directory, place.python), place.records);
  return { ...measured, bytes: await bytesIn(directory) };
}

/** Stores with Python in Parquet files. */
export async function pyarrowParquet(
  { brokers, topic, records, batchSize, python }: Place,
): Promise<Stored | string> {
  if (await isMissing(`"$1" -c 'import confluent_kafka, pyarrow'`, python)) {
    return "there is no Python with confluent-kafka and pyarrow";
  }
  const directory = await emptyDirectory();
  const measured = await measure([
    ...[python, "tests/bench/store_pyarrow.py", brokers, topic, directory],
    ...[String(records), String(batchSize)],
  ]);
  check(await rowsIn(directory, python), records);
  return { ...measured, bytes: await bytesIn(directory) };
}

/** Stores with wikitap in OpenSearch. */
export async function wikitapOpenSearch(place: Place, server: TestOpenSearch): Promise<Stored> {
  const address = server.database();
  const measured = await measure(wikitapFlags(place, formatDatabase(address)));
  return { ...measured, bytes: await indexed(server, address.index, place.records) };
}

/** Stores with the bulk helper of OpenSearch's Python client, in an index like wikitap's. */
export async function bulkHelper(
  { brokers, topic, records, batchSize, python }: Place,
  server: TestOpenSearch,
): Promise<Stored | string> {
  if (await isMissing(`"$1" -c 'import confluent_kafka, opensearchpy'`, python)) {
    return "there is no Python with confluent-kafka and opensearch-py";
  }
  const address = server.database();
  await using _sink = await openSink(address, undefined);
  const measured = await measure([
    ...[python, "tests/bench/store_opensearch.py", brokers, topic, server.url, address.index],
    ...[String(records), String(batchSize)],
  ]);
  return { ...measured, bytes: await indexed(server, address.index, records) };
}

/** Checks the number of documents, and returns the bytes of the index. */
async function indexed(server: TestOpenSearch, index: string, records: number): Promise<number> {
  await server.request("POST", `${index}/_refresh`);
  const { count } = await server.request("GET", `${index}/_count`);
  check(count, records);
  await server.request("POST", `${index}/_flush`);
  const { _all } = await server.request("GET", `${index}/_stats/store`) as {
    _all: { primaries: { store: { size_in_bytes: number } } };
  };
  await server.request("DELETE", index);
  return _all.primaries.store.size_in_bytes;
}

async function emptyDirectory(): Promise<string> {
  const directory = `${DIRECTORY}/edits`;
  await Deno.remove(directory, { recursive: true }).catch(() => {}); // of the run before
  return directory;
}

async function rowsIn(directory: string, python: string): Promise<number> {
  const script = `import pyarrow.dataset as d, sys; ` +
    `print(d.dataset(sys.argv[1], format="parquet", partitioning="hive").count_rows())`;
  const { output } = await shell('"$1" -c "$2" "$3"', python, script, directory);
  return Number(output);
}

async function bytesIn(directory: string): Promise<number> {
  const { output } = await shell('du -sb "$1"/date=*', directory);
  return [...output.matchAll(/^\d+/gm)].reduce((sum, [bytes]) => sum + Number(bytes), 0);
}

async function isMissing(script: string, ...args: readonly string[]): Promise<boolean> {
  return (await shell(script, ...args)).code !== 0;
}

function checkSqlite(file: string, records: number): void {
  using database = new DatabaseSync(file);
  check(database.prepare("SELECT count(*) AS count FROM edits").get()!.count, records);
}

function check(count: unknown, records: number): void {
  if (Number(count) !== records) throw new Error(`${count} rows of ${records} were stored`);
}
