/**
 * Stores the edits of a topic, each once: in SQLite, PostgreSQL, Parquet files or OpenSearch.
 *
 *     deno task store
 */
import { runMain } from "../lib/cli/program.ts";
import { storeMain as main } from "../lib/cli/programs/store.ts";

export { main };

if (import.meta.main) await runMain(main);
