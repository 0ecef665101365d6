/**
 * Stores the edits of a topic, each once: in SQLite, PostgreSQL, Parquet files or OpenSearch.
 *
 *     deno task store
 */
import { program, runMain } from "../lib/cli/program.ts";
import { runStore, STORE_GROUPS } from "../lib/cli/programs/store.ts";

export const main = program({
  usage: "deno task store",
  summary: "Stores the edits of topics in a database, every committed record once, until Ctrl-C. " +
    "Begins with the oldest record, and later where the database says; what is no edit is put " +
    "aside in the table bad_records. Several at once share the work.",
  examples: [
    ["deno task store", "Into the SQLite file edits.db"],
    [
      "PGPASSWORD=… deno task store --database postgres://wikitap@localhost/edits",
      "Into PostgreSQL",
    ],
    ["deno task store --database parquet:edits", "Into Parquet files in the directory edits"],
    [
      "OPENSEARCH_AUTH=… deno task store --database opensearch:https://localhost:9200/edits",
      "Into the index edits of OpenSearch or Elasticsearch",
    ],
    ["deno task store --topic 'wikipedia-*' --filter wiki=enwiki,dewiki", "Two wikis"],
    ["deno task store --max-messages 1000", "A thousand records, then the end"],
  ],
  groups: STORE_GROUPS,
  run: runStore,
});

if (import.meta.main) await runMain(main);
