/**
 * Measures how fast a topic is stored in each sink, compared with common scripts: kcat with the
 * sqlite3 shell, and Python with confluent-kafka and psycopg, pyarrow or opensearch-py. All fill
 * the same empty tables or indices, one after the other, on services of its own. A program whose
 * tools are missing is left out.
 *
 *     deno run -A tests/bench/store.ts
 */
import { option, type OptionGroup } from "../../lib/cli/option.ts";
import { program, runMain } from "../../lib/cli/program.ts";
import { integer } from "../../lib/cli/values.ts";
import { startKafka } from "../../lib/local/kafka/start.ts";
import { writeOutput } from "../../lib/terminal/output.ts";
import { tableText } from "../../lib/terminal/table.ts";
import { ownOpenSearch } from "../support/databases/opensearch.ts";
import { testPostgres } from "../support/databases/postgres.ts";
import { editsTopic, recordsOption } from "./edits_topic.ts";
import {
  bulkHelper,
  confluentPostgres,
  DIRECTORY,
  kcatSqlite,
  pyarrowParquet,
  type Stored,
  wikitapOpenSearch,
  wikitapParquet,
  wikitapPostgres,
  wikitapSqlite,
} from "./store_contenders.ts";

const benchOptions = {
  title: "Measurement",
  options: {
    records: recordsOption,
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
      help: "A Python that has confluent-kafka, psycopg, pyarrow and opensearch-py.",
      parse: String,
      default: "python3",
    }),
    only: option({
      placeholder: "TEXT",
      help: "Only those with this in their name.",
      parse: String,
      default: "",
      defaultText: "all",
    }),
  },
} satisfies OptionGroup;

export const main = program({
  usage: "deno run -A tests/bench/store.ts",
  summary: "Measures rows per second into each sink, beside the scripts that people write for it.",
  examples: [["deno run -A tests/bench/store.ts", "A million records, once each"]],
  groups: [benchOptions],
  async run({ records, batchSize, rounds, python, only }) {
    await using kafka = await startKafka({ directory: `${DIRECTORY}/kafka`, port: 0, clean: true });
    // The default configuration, except for the log's destination.
    const server = await testPostgres({});
    const search = await ownOpenSearch(`${DIRECTORY}/opensearch`);
    const brokers = kafka.bootstrapServers;
    const topic = await editsTopic(brokers, records);
    const place = { brokers, topic, records, batchSize, python };
    const contenders: Record<string, () => Promise<Stored | string>> = {
      "wikitap, SQLite": () => wikitapSqlite(place),
      "kcat | sqlite3": () => kcatSqlite(place),
      "wikitap, PostgreSQL": () => wikitapPostgres(place, server),
      "confluent-kafka, psycopg": () => confluentPostgres(place, server),
      "wikitap, Parquet": () => wikitapParquet(place),
      "confluent-kafka, pyarrow": () => pyarrowParquet(place),
      "wikitap, OpenSearch": () => wikitapOpenSearch(place, search),
      "confluent-kafka, opensearch-py": () => bulkHelper(place, search),
    };
    const best = new Map<string, Stored>();
    for (let round = 0; round < rounds; round++) {
      for (const [name, run] of Object.entries(contenders)) {
        if (!name.includes(only)) continue;
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
    await search.stop();
    writeOutput(
      `\n${tableText([...best].map(([name, measured]) => row(name, measured, records)))}`,
    );
  },
});

function row(
  name: string,
  { seconds, cpu, peakMb, halfMb, blockedMs, bytes }: Stored,
  records: number,
) {
  return {
    program: name,
    rows_per_second: Math.round(records / seconds),
    seconds: Math.round(seconds * 10) / 10,
    cpu_seconds: Math.round(cpu * 10) / 10,
    memory_at_half_mb: Math.round(halfMb),
    memory_peak_mb: Math.round(peakMb),
    event_loop_blocked_ms: blockedMs ?? null,
    size_mb: bytes === undefined ? null : Math.round(bytes / 1e5) / 10,
  };
}

if (import.meta.main) await runMain(main);
