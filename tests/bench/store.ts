/**
 * Measures how fast a topic goes into SQLite and PostgreSQL, beside the scripts that people write
 * for it: kcat with the sqlite3 shell, and Python with confluent-kafka and psycopg. All fill the
 * same empty tables with the same indexes, one after the other, on a Kafka and a PostgreSQL of its
 * own. A peer whose tools are missing is left out.
 *
 *     deno run -A tests/bench/store.ts
 */
import { DatabaseSync } from "node:sqlite";
import { option, type OptionGroup } from "../../lib/cli/option.ts";
import { program, runMain } from "../../lib/cli/program.ts";
import { integer } from "../../lib/cli/values.ts";
import { startKafka } from "../../lib/local/kafka/start.ts";
import { shell } from "../../lib/local/process/shell.ts";
import { parseDatabase } from "../../lib/store/address.ts";
import { openSink } from "../../lib/store/sinks/open.ts";
import { writeOutput } from "../../lib/terminal/output.ts";
import { tableText } from "../../lib/terminal/table.ts";
import { type TestPostgres, testPostgres } from "../support/databases/postgres.ts";
import { openPublisher } from "../support/kafka/records.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { editLike } from "./store_edits.ts";
import { measure, type Measured } from "./store_measure.ts";

const benchOptions = {
  title: "Measurement",
  options: {
    records: option({
      placeholder: "N",
      help: "Records in the topic.",
      parse: integer(1000, 100_000_000),
      default: 1_000_000,
    }),
    batchSize: option({
      placeholder: "N",
      help: "The most records in one transaction, of all but kcat.",
      parse: integer(1, 100_000),
      default: 10_000,
    }),
    rounds: option({
      placeholder: "N",
      help: "How often each is measured; the best counts.",
      parse: integer(1, 100),
      default: 1,
    }),
    python: option({
      placeholder: "FILE",
      help: "A Python that has confluent-kafka and psycopg.",
      parse: String,
      default: "python3",
    }),
  },
} satisfies OptionGroup;

const PARTITIONS = 6;
const DIRECTORY = ".local/bench-store";

/** The input and the target of a run. */
interface Place {
  readonly brokers: string;
  readonly topic: string;
  readonly records: number;
  readonly batchSize: number;
}

export const main = program({
  usage: "deno run -A tests/bench/store.ts",
  summary: "Measures rows per second into SQLite and PostgreSQL, beside the scripts that people " +
    "write for it.",
  examples: [["deno run -A tests/bench/store.ts", "A million records, once each"]],
  groups: [benchOptions],
  async run({ records, batchSize, rounds, python }) {
    await using kafka = await startKafka({ directory: `${DIRECTORY}/kafka`, port: 0, clean: true });
    // As it comes, but for where the log goes.
    const server = await testPostgres({});
    const brokers = kafka.bootstrapServers;
    const topic = await fill(brokers, records);
    const place = { brokers, topic, records, batchSize };
    const contenders = {
      "wikitap, SQLite": () => wikitapSqlite(place),
      "kcat | sqlite3": () => kcatSqlite(place),
      "wikitap, PostgreSQL": () => wikitapPostgres(place, server),
      "confluent-kafka, psycopg": () => confluentPostgres(place, server, python),
    };
    const best = new Map<string, Measured>();
    for (let round = 0; round < rounds; round++) {
      for (const [name, run] of Object.entries(contenders)) {
        const measured = await run();
        if (typeof measured === "string") {
          writeOutput(`${name}: left out, ${measured}\n`);
          continue;
        }
        writeOutput(`${name}: ${Math.round(measured.seconds)} s\n`);
        const before = best.get(name);
        if (before === undefined || measured.seconds < before.seconds) best.set(name, measured);
      }
    }
    await server.stop();
    writeOutput(
      `\n${tableText([...best].map(([name, measured]) => row(name, measured, records)))}`,
    );
  },
});

function row(name: string, { seconds, cpu, peakMb, halfMb }: Measured, records: number) {
  return {
    program: name,
    rows_per_second: Math.round(records / seconds),
    seconds: Math.round(seconds * 10) / 10,
    cpu_seconds: Math.round(cpu * 10) / 10,
    memory_at_half_mb: Math.round(halfMb),
    memory_peak_mb: Math.round(peakMb),
  };
}

/** Publishes the records, in transactions of some thousand. */
async function fill(brokers: string, records: number): Promise<string> {
  const topic = await makeTopic(brokers, { partitions: PARTITIONS });
  await using publisher = await openPublisher(brokers);
  for (let first = 0; first < records; first += 18_000) {
    const count = Math.min(18_000, records - first);
    await publisher.publish(
      topic,
      Array.from({ length: count }, (_, index) => ({
        partition: index % PARTITIONS,
        value: JSON.stringify(editLike(first + index)),
      })),
    );
  }
  return topic;
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
  ...["deno", "run", "-q", "-A", "scripts/store.ts", "--bootstrap-server", brokers],
  ...["--topic", topic, "--database", database, "--max-messages", String(records)],
  ...["--batch-size", String(batchSize)],
];

async function wikitapSqlite(place: Place): Promise<Measured> {
  const file = await emptySqlite();
  const measured = await measure(wikitapFlags(place, `sqlite:${file}`));
  checkSqlite(file, place.records);
  return measured;
}

async function kcatSqlite({ brokers, topic, records }: Place): Promise<Measured | string> {
  if (await isMissing("kcat -V && sqlite3 --version")) return "there is no kcat or no sqlite3";
  const file = await emptySqlite();
  const measured = await measure(["sh", "tests/bench/store_kcat_sqlite.sh", brokers, topic, file]);
  checkSqlite(file, records);
  return measured;
}

async function wikitapPostgres(place: Place, server: TestPostgres): Promise<Measured> {
  await using database = await server.database();
  const env = { PGPASSWORD: server.password };
  const measured = await measure(wikitapFlags(place, database.address), env);
  check((await database.sql`SELECT count(*) FROM edits`)[0]!.count, place.records);
  return measured;
}

async function confluentPostgres(
  { brokers, topic, records, batchSize }: Place,
  server: TestPostgres,
  python: string,
): Promise<Measured | string> {
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

if (import.meta.main) await runMain(main);
