/**
 * Lists, describes and deletes topics.
 *
 *     deno task topics list
 */
import { runMain } from "../lib/cli/program.ts";
import { topicsMain as main } from "../lib/cli/programs/inspect/topics.ts";

export { main };

if (import.meta.main) await runMain(main);
