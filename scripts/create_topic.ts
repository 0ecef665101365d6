/**
 * Creates a topic, or reports how an existing one differs.
 *
 *     deno task create-topic --topic wikipedia-events --partitions 3
 */
import { runMain } from "../lib/cli/program.ts";
import { createTopicMain as main } from "../lib/cli/programs/inspect/create_topic.ts";

export { main };

if (import.meta.main) await runMain(main);
