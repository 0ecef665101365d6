/**
 * Queries the stored edits.
 *
 *     deno task report
 */
import { runMain } from "../lib/cli/program.ts";
import { reportMain as main } from "../lib/cli/programs/report.ts";

export { main };

if (import.meta.main) await runMain(main);
