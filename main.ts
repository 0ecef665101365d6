/**
 * The producer: publishes the edits of Wikimedia's event stream to a Kafka topic.
 *
 *     deno task start --contact you@example.org
 */
import { runMain } from "./lib/cli/program.ts";
import { startMain as main } from "./lib/cli/programs/produce/start.ts";

export { main };

if (import.meta.main) await runMain(main);
