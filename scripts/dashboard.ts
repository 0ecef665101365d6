/**
 * Serves the live page: the edits of a topic, in a browser.
 *
 *     deno task dashboard
 */
import { runMain } from "../lib/cli/program.ts";
import { dashboardMain as main } from "../lib/cli/programs/dashboard.ts";

export { main };

if (import.meta.main) await runMain(main);
