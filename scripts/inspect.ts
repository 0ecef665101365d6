/**
 * Shows what a cluster does: brokers, topics, partitions, consumer groups and their lag.
 *
 *     deno task inspect group readers
 */
import { runMain } from "../lib/cli/program.ts";
import { inspectMain as main } from "../lib/cli/programs/inspect/inspect.ts";

export { main };

if (import.meta.main) await runMain(main);
