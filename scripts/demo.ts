/**
 * Runs everything at once: Kafka, topic, producer, live page, and the edits as they come back.
 *
 *     deno task demo
 */
import { runMain } from "../lib/cli/program.ts";
import { demoMain as main } from "../lib/cli/programs/demo.ts";

export { main };

if (import.meta.main) await runMain(main);
