/**
 * A console consumer: prints the records of topics.
 *
 *     deno task consume --from-beginning
 */
import { runMain } from "../lib/cli/program.ts";
import { consumeMain as main } from "../lib/cli/programs/consume.ts";

export { main };

if (import.meta.main) await runMain(main);
